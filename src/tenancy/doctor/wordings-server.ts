import { wording, type Wording } from './finding.ts'

// The server, the way to it, and what it must hold.
export const server = {
  installation: wording('critical', {
    ok: ['SIS est installé dans cette base.', 'SIS is set up in this database.'],
    bad: ['SIS n’a pas encore été installé dans cette base', 'SIS has not been set up in this database yet'],
    remedy: [
      'Démarrez SIS une fois (npm start), ou vérifiez que DATABASE_URL nomme la bonne base.',
      'Start SIS once (npm start), or check that DATABASE_URL names the right database.',
    ],
  }),
  server_version: wording('critical', {
    ok: [
      'Cette version de PostgreSQL est prise en charge (15 à 18).',
      'This version of PostgreSQL is supported (15 to 18).',
    ],
    bad: ['Cette version de PostgreSQL n’est pas prise en charge', 'This version of PostgreSQL is not supported'],
    remedy: ['Passez à PostgreSQL 15, 16, 17 ou 18.', 'Move to PostgreSQL 15, 16, 17 or 18.'],
  }),
  server_minor: wording('warning', {
    ok: [
      'Aucune faille connue de cette version mineure ne touche à l’isolation.',
      'No known hole of this minor version concerns isolation.',
    ],
    bad: [
      'Cette version mineure a des failles connues, corrigées depuis',
      'This minor version has known holes, since closed',
    ],
    remedy: [
      'Installez la dernière version mineure : elle ne demande qu’un redémarrage de PostgreSQL.',
      'Install the newest minor version: it only takes a restart of PostgreSQL.',
    ],
  }),
  encoding: wording('critical', {
    ok: ['La base est en UTF-8.', 'The database is in UTF-8.'],
    bad: ['La base n’est pas en UTF-8', 'The database is not in UTF-8'],
    remedy: [
      'Créez une base en UTF8 (TEMPLATE template0) et restaurez-y une sauvegarde.',
      'Create a database in UTF8 (TEMPLATE template0) and restore a backup into it.',
    ],
  }),
  locale: wording('warning', {
    ok: ['La base connaît les majuscules accentuées.', 'The database knows accented capitals.'],
    bad: ['La base ne connaît pas les majuscules accentuées', 'The database does not know accented capitals'],
    remedy: [
      'À la prochaine restauration, créez la base avec une locale UTF-8 (par exemple C.UTF-8 ou fr_FR.UTF-8).',
      'At the next restore, create the database with a UTF-8 locale (for example C.UTF-8 or fr_FR.UTF-8).',
    ],
  }),
  clock: wording('warning', {
    ok: ['Cette machine et la base ont la même heure.', 'This machine and the database agree on the time.'],
    bad: [
      'L’heure de cette machine et celle de la base diffèrent',
      'The clocks of this machine and of the database differ',
    ],
    remedy: [
      'Réglez les deux par NTP (timedatectl) : jetons et révocations se comparent à l’heure.',
      'Set both by NTP (timedatectl): tokens and revocations are compared with the time.',
    ],
  }),
  tls: wording('critical', {
    ok: [
      'Personne ne peut lire ce qui passe entre SIS et la base.',
      'Nobody can read what passes between SIS and the database.',
    ],
    bad: [
      'La base est sur une autre machine et la connexion n’est pas chiffrée',
      'The database is on another machine and the connection is not encrypted',
    ],
    remedy: [
      'Activez ssl dans PostgreSQL et ajoutez ?sslmode=verify-full&sslrootcert=… aux adresses.',
      'Switch ssl on in PostgreSQL and add ?sslmode=verify-full&sslrootcert=… to the addresses.',
    ],
  }),
  tls_certificate: wording('warning', {
    ok: ['Personne ne peut se faire passer pour la base.', 'Nobody can pass for the database.'],
    bad: [
      'La connexion est chiffrée, mais le certificat de la base n’est pas vérifié',
      'The connection is encrypted, but the certificate of the database is not verified',
    ],
    remedy: [
      'Ajoutez ?sslmode=verify-full&sslrootcert=… aux adresses.',
      'Add ?sslmode=verify-full&sslrootcert=… to the addresses.',
    ],
  }),
  pooler: wording('warning', {
    ok: ['Ce qui se trouve entre SIS et la base est connu.', 'What stands between SIS and the database is known.'],
    bad: [
      'Un PgBouncer, ou un programme semblable, répond à la place de PostgreSQL sans que SIS le sache',
      'A PgBouncer, or a program like it, answers in place of PostgreSQL and SIS does not know',
    ],
    remedy: [
      'Donnez SIS_POOLER=transaction ; DATABASE_OWNER_URL doit mener à PostgreSQL même.',
      'Set SIS_POOLER=transaction; DATABASE_OWNER_URL must lead to PostgreSQL itself.',
    ],
  }),
  synchronous_commit: wording('critical', {
    ok: ['Ce qui est confirmé est sur le disque.', 'What is acknowledged is on the disk.'],
    bad: ['Une coupure de courant peut perdre ce qui a été confirmé', 'A power cut can lose what was acknowledged'],
    remedy: [
      'ALTER ROLE … RESET synchronous_commit (et ALTER DATABASE …, postgresql.conf) : il doit valoir on.',
      'ALTER ROLE … RESET synchronous_commit (and ALTER DATABASE …, postgresql.conf): it must be on.',
    ],
  }),
  fsync: wording('critical', {
    ok: ['PostgreSQL attend le disque.', 'PostgreSQL waits for the disk.'],
    bad: [
      'PostgreSQL n’attend pas le disque : une coupure de courant détruit la base',
      'PostgreSQL does not wait for the disk: a power cut destroys the database',
    ],
    remedy: ['fsync = on dans postgresql.conf, puis rechargez.', 'fsync = on in postgresql.conf, then reload.'],
  }),
  full_page_writes: wording('critical', {
    ok: ['Une page écrite à moitié se répare.', 'A page that was half written is repaired.'],
    bad: ['Une page écrite à moitié ne se réparerait pas', 'A page that was half written would not be repaired'],
    remedy: [
      'full_page_writes = on dans postgresql.conf, puis rechargez.',
      'full_page_writes = on in postgresql.conf, then reload.',
    ],
  }),
  server_log: wording('critical', {
    ok: ['Le journal de PostgreSQL ne cite aucune donnée de santé.', 'The log of PostgreSQL quotes no health data.'],
    bad: ['Le journal de PostgreSQL peut citer des données de santé', 'The log of PostgreSQL may quote health data'],
    remedy: [
      'Redémarrez SIS avec un superutilisateur, ou faites faire par lui, pour l’utilisateur du serveur HTTP : ALTER ROLE … SET log_min_messages = log ; log_statement = none ; log_parameter_max_length = 0 (docs/operations.md).',
      'Restart SIS with a superuser, or have him run, for the login of the HTTP server: ALTER ROLE … SET log_min_messages = log; log_statement = none; log_parameter_max_length = 0 (docs/operations.md).',
    ],
  }),
  locks: wording('critical', {
    ok: [
      'La table des verrous suffit à sauvegarder et à migrer tous les établissements.',
      'The lock table has room to dump and migrate all establishments.',
    ],
    bad: [
      'La table des verrous est trop petite : une sauvegarde ou une migration échouera (out of shared memory)',
      'The lock table is too small: a dump or a migration will fail (out of shared memory)',
    ],
    remedy: [
      'Donnez au moins cette valeur dans postgresql.conf et redémarrez PostgreSQL.',
      'Set at least this value in postgresql.conf and restart PostgreSQL.',
    ],
  }),
  connections: wording('critical', {
    ok: [
      'PostgreSQL a assez de connexions pour tous les processus.',
      'PostgreSQL has enough connections for all processes.',
    ],
    bad: [
      'PostgreSQL a moins de connexions libres que les processus HTTP n’en ouvrent',
      'PostgreSQL has fewer free connections than the HTTP processes open',
    ],
    remedy: [
      'Augmentez max_connections (et les limites de la base et de l’utilisateur), ou diminuez SIS_WORKERS, ou placez PgBouncer devant.',
      'Raise max_connections (and the limits of database and login), or lower SIS_WORKERS, or put PgBouncer in front.',
    ],
  }),
  wraparound_near: wording('warning', {
    ok: ['Le nettoyage des anciennes transactions suit.', 'The clean-up of old transactions keeps up.'],
    bad: ['Le nettoyage des anciennes transactions est en retard', 'The clean-up of old transactions is late'],
    remedy: [
      'Cherchez une transaction oubliée (pg_stat_activity, pg_prepared_xacts, pg_replication_slots) et lancez VACUUM (FREEZE).',
      'Look for a forgotten transaction (pg_stat_activity, pg_prepared_xacts, pg_replication_slots) and run VACUUM (FREEZE).',
    ],
  }),
  wraparound: wording('critical', {
    ok: [
      'PostgreSQL est loin de devoir s’arrêter pour épuisement des numéros de transaction.',
      'PostgreSQL is far from having to stop for want of transaction numbers.',
    ],
    bad: [
      'PostgreSQL s’arrêtera bientôt d’écrire, faute de numéros de transaction',
      'PostgreSQL will soon stop writing, for want of transaction numbers',
    ],
    remedy: [
      'Dès maintenant : VACUUM (FREEZE) de toute la base, après avoir terminé les transactions oubliées.',
      'Now: VACUUM (FREEZE) of the whole database, after ending forgotten transactions.',
    ],
  }),
} satisfies Record<string, Wording>
