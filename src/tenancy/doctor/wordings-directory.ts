import { wording, type Wording } from './finding.ts'

// Establishments, migrations, keys.
export const directory = {
  tenants_prepared: wording('critical', {
    ok: ['Chaque établissement a son rôle et son schéma.', 'Each establishment has its role and its schema.'],
    bad: ['Des établissements n’ont pas leur rôle ou leur schéma', 'Establishments lack their role or their schema'],
    remedy: [
      'Restaurez-les depuis une sauvegarde : personne ne peut y travailler. Ce qui est nommé sans établissement n’était que préparé d’avance et sera refait au prochain démarrage.',
      'Restore them from a backup: nobody can work there. What is named without an establishment was only prepared ahead and is made anew at the next start.',
    ],
  }),
  tenants_granted: wording('critical', {
    ok: [
      'Chaque établissement ouvert est accessible au serveur.',
      'Each open establishment is within the server’s reach.',
    ],
    bad: ['Des établissements ouverts sont fermés dans la base', 'Open establishments are closed in the database'],
    remedy: [
      'npx sis establishment suspend puis reactivate, ou GRANT son_rôle TO l’utilisateur du serveur HTTP WITH INHERIT FALSE, SET TRUE.',
      'npx sis establishment suspend then reactivate, or GRANT its_role TO the login of the HTTP server WITH INHERIT FALSE, SET TRUE.',
    ],
  }),
  tenants_suspended: wording('critical', {
    ok: [
      'Ce qui est suspendu ou archivé est fermé aussi dans la base.',
      'What is suspended or archived is closed in the database too.',
    ],
    bad: [
      'Des établissements suspendus ou archivés sont encore ouverts dans la base',
      'Suspended or archived establishments are still open in the database',
    ],
    remedy: [
      'SIS arrêté, démarrez-le ; sinon REVOKE son_rôle FROM l’utilisateur du serveur HTTP.',
      'If SIS is stopped, start it; else REVOKE its_role FROM the login of the HTTP server.',
    ],
  }),
  tenants_waiting: wording('warning', {
    ok: ['Aucun établissement n’attend d’être préparé.', 'No establishment waits to be prepared.'],
    bad: ['Des établissements n’ont pas pu être préparés', 'Establishments could not be prepared'],
    remedy: [
      'Lisez le journal de SIS, corrigez, puis npx sis establishment reactivate.',
      'Read the log of SIS, correct, then npx sis establishment reactivate.',
    ],
  }),
  tenants_unknown: wording('warning', {
    ok: [
      'Chaque schéma et chaque rôle est celui d’un établissement connu.',
      'Every schema and every role is that of a known establishment.',
    ],
    bad: [
      'Des schémas ou des rôles n’appartiennent à aucun établissement de l’annuaire',
      'Schemas or roles belong to no establishment of the directory',
    ],
    remedy: [
      'Reste d’une restauration ou d’un essai : gardez une sauvegarde, puis supprimez-les.',
      'Left by a restore or a trial: keep a backup, then drop them.',
    ],
  }),
  platform_migrations: wording('critical', {
    ok: ['Les tables communes sont celles de ce programme.', 'The shared tables are those of this program.'],
    bad: ['Des migrations des tables communes manquent', 'Migrations of the shared tables are missing'],
    remedy: ['npx sis migrate, ou redémarrez SIS.', 'npx sis migrate, or restart SIS.'],
  }),
  tenant_migrations: wording('critical', {
    ok: ['Chaque établissement a les tables de ce programme.', 'Each establishment has the tables of this program.'],
    bad: ['Des établissements n’ont pas toutes leurs migrations', 'Establishments lack migrations'],
    remedy: [
      'npx sis migrate ; celui qui échoue est nommé avec sa raison.',
      'npx sis migrate; one that fails is named with its reason.',
    ],
  }),
  tenant_tables: wording('critical', {
    ok: ['Aucune table ne manque à un établissement.', 'No table of an establishment is missing.'],
    bad: ['Des tables manquent à des établissements', 'Tables of establishments are missing'],
    remedy: ['Restaurez cet établissement depuis une sauvegarde.', 'Restore this establishment from a backup.'],
  }),
  edited_migrations: wording('critical', {
    ok: [
      'Les migrations appliquées sont celles de ce programme.',
      'The migrations that were applied are those of this program.',
    ],
    bad: ['Des migrations ont changé après leur application', 'Migrations were changed after they were applied'],
    remedy: [
      'Reprenez les fichiers de la version installée : un changement demande une nouvelle migration.',
      'Take the files of the installed version back: a change takes a new migration.',
    ],
  }),
  newer_database: wording('critical', {
    ok: [
      'Ce programme connaît toutes les migrations de la base.',
      'This program knows all migrations of the database.',
    ],
    bad: ['La base est plus récente que ce programme', 'The database is newer than this program'],
    remedy: ['Installez la version récente de SIS.', 'Install the recent version of SIS.'],
  }),
  directory_version: wording('critical', {
    ok: ['Toute révocation est annoncée aux processus.', 'Every revocation is announced to the processes.'],
    bad: [
      'Des révocations ne seraient pas annoncées aux processus',
      'Revocations would not be announced to the processes',
    ],
    remedy: [
      'ALTER TABLE … ENABLE TRIGGER bump ; sinon restaurez sis_platform.directory_version.',
      'ALTER TABLE … ENABLE TRIGGER bump; else restore sis_platform.directory_version.',
    ],
  }),
  signing_keys: wording('critical', {
    ok: ['Une clé signe les jetons, la suivante est prête.', 'A key signs the tokens, the next one is ready.'],
    bad: [
      'Des clés de signature manquent : personne ne peut se connecter, ou la clé ne peut pas être changée',
      'Signing keys are missing: nobody can sign in, or the key cannot be changed',
    ],
    remedy: [
      'npx sis keys rotate s’il manque la suivante ; sinon restaurez sis_platform.signing_key.',
      'npx sis keys rotate if the next one is missing; else restore sis_platform.signing_key.',
    ],
  }),
  signing_key_age: wording('warning', {
    ok: ['La clé de signature est récente.', 'The signing key is recent.'],
    bad: ['La clé de signature sert depuis trop de jours', 'The signing key has served for too many days'],
    remedy: ['npx sis keys rotate : personne n’est déconnecté.', 'npx sis keys rotate: nobody is signed out.'],
  }),
  master_key: wording('critical', {
    ok: ['La clé maîtresse ouvre les clés de signature.', 'The master key opens the signing keys.'],
    bad: [
      'La clé maîtresse manque, ou n’est pas celle qui a chiffré les clés de signature',
      'The master key is missing, or is not the one that encrypted the signing keys',
    ],
    remedy: [
      'Redonnez SIS_MASTER_KEY, ou le fichier master-key du dossier de données.',
      'Give back SIS_MASTER_KEY, or the file master-key of the data folder.',
    ],
  }),
  backup_age: wording('warning', {
    ok: ['La dernière sauvegarde de toute l’installation est récente.', 'The last backup of the whole is recent.'],
    bad: [
      'Aucune sauvegarde réussie de toute l’installation depuis trop de jours',
      'No successful backup of the whole for too many days',
    ],
    remedy: [
      'npx sis backup, chaque nuit (voir docs/operations.md, « Backup of the whole »).',
      'npx sis backup, every night (docs/operations.md, “Backup of the whole”).',
    ],
  }),
  backup_drill: wording('warning', {
    ok: ['Une sauvegarde a été restaurée pour essai récemment.', 'A backup was restored for a try recently.'],
    bad: [
      'Aucune sauvegarde n’a été restaurée pour essai avec succès depuis trop de jours',
      'No backup was restored for a try with success for too many days',
    ],
    remedy: [
      'npx sis backup drill <dossier> : une sauvegarde qui ne se restaure pas n’en est pas une.',
      'npx sis backup drill <folder>: a backup that cannot be restored is none.',
    ],
  }),
} satisfies Record<string, Wording>
