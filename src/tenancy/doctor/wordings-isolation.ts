import { wording, type Wording } from './finding.ts'

// Who may do what: roles, rights, what is closed.
export const isolation = {
  login_works: wording('critical', {
    ok: ['Le serveur HTTP peut se connecter.', 'The HTTP server can log in.'],
    bad: ['Le serveur HTTP ne peut pas se connecter', 'The HTTP server cannot log in'],
    remedy: [
      'Vérifiez DATABASE_URL, ou le fichier api-password du dossier de données et pg_hba.conf.',
      'Check DATABASE_URL, or the file api-password of the data folder and pg_hba.conf.',
    ],
  }),
  login_attributes: wording('critical', {
    ok: [
      'L’utilisateur du serveur HTTP n’a aucun pouvoir particulier.',
      'The login of the HTTP server has no power of its own.',
    ],
    bad: [
      'L’utilisateur du serveur HTTP a trop de pouvoirs, ou ne peut pas se connecter',
      'The login of the HTTP server has too much power, or cannot log in',
    ],
    remedy: [
      'Retirez-les : ALTER ROLE … NOSUPERUSER NOINHERIT NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS LOGIN.',
      'Take it away: ALTER ROLE … NOSUPERUSER NOINHERIT NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS LOGIN.',
    ],
  }),
  login_memberships: wording('critical', {
    ok: [
      'L’utilisateur du serveur HTTP ne peut prendre que les rôles de SIS, et n’en hérite rien.',
      'The login of the HTTP server can only take roles of SIS, and inherits nothing from them.',
    ],
    bad: [
      'Les rôles donnés à l’utilisateur du serveur HTTP ne sont pas ceux qu’il faut',
      'The roles granted to the login of the HTTP server are not what they must be',
    ],
    remedy: [
      'Retirez le rôle étranger ou l’option (REVOKE …, REVOKE ADMIN OPTION FOR …) ; s’il en manque un (−), redémarrez SIS.',
      'Revoke the foreign role or the option (REVOKE …, REVOKE ADMIN OPTION FOR …); if one is missing (−), restart SIS.',
    ],
  }),
  login_rights: wording('critical', {
    ok: [
      'Sans rôle, l’utilisateur du serveur HTTP ne peut rien lire ni écrire.',
      'Without a role, the login of the HTTP server can read and write nothing.',
    ],
    bad: [
      'L’utilisateur du serveur HTTP a des droits par lui-même, hors de tout établissement',
      'The login of the HTTP server has rights by itself, outside any establishment',
    ],
    remedy: ['Retirez-les : REVOKE ALL ON … FROM cet utilisateur.', 'Take them away: REVOKE ALL ON … FROM this login.'],
  }),
  login_limits: wording('warning', {
    ok: [
      'Une requête qui n’en finit pas est arrêtée par la base.',
      'A request that never ends is stopped by the database.',
    ],
    bad: [
      'Les délais de l’utilisateur du serveur HTTP manquent ou sont trop longs',
      'The time limits of the login of the HTTP server are missing or too long',
    ],
    remedy: [
      'Redémarrez SIS : il refait ses rôles et ses droits à chaque démarrage ; si le point revient, cherchez un réglage propre à la base (ALTER ROLE … IN DATABASE).',
      'Restart SIS: it makes its roles and rights again at each start; if the point comes back, look for a setting of this database only (ALTER ROLE … IN DATABASE).',
    ],
  }),
  role_attributes: wording('critical', {
    ok: [
      'Aucun rôle d’établissement ou de la plateforme ne peut se connecter ni n’a de pouvoir particulier.',
      'No role of an establishment or of the platform can log in or has power of its own.',
    ],
    bad: [
      'Des rôles d’établissement ou de la plateforme ont un pouvoir qu’ils ne doivent pas avoir, ou manquent',
      'Roles of establishments or of the platform have power they must not have, or are missing',
    ],
    remedy: [
      'ALTER ROLE … NOLOGIN NOINHERIT NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS ; un rôle manquant (∄) revient au redémarrage de SIS.',
      'ALTER ROLE … NOLOGIN NOINHERIT NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS; a missing role (∄) comes back when SIS restarts.',
    ],
  }),
  role_members: wording('critical', {
    ok: [
      'Personne d’autre que le serveur HTTP ne peut prendre le rôle d’un établissement, et ces rôles n’en prennent aucun.',
      'Nobody but the HTTP server can take the role of an establishment, and these roles take no other.',
    ],
    bad: ['Des rôles sont donnés à qui ne doit pas les avoir', 'Roles are granted to who must not have them'],
    remedy: ['Retirez-les : REVOKE le_rôle FROM le_membre.', 'Take them away: REVOKE the_role FROM the_member.'],
  }),
  tenant_rights: wording('critical', {
    ok: [
      'Chaque établissement a sur ses tables exactement ses droits ; historique et audit ne se réécrivent pas.',
      'Each establishment has exactly its rights on its tables; history and audit cannot be rewritten.',
    ],
    bad: [
      'Des établissements ont sur leurs propres tables trop de droits (+) ou trop peu (−)',
      'Establishments have too many rights (+) or too few (−) on their own tables',
    ],
    remedy: [
      'REVOKE ce qui est de trop, GRANT ce qui manque, sous le nom du rôle propriétaire.',
      'REVOKE what is too much, GRANT what is missing, as the owner role.',
    ],
  }),
  foreign_rights: wording('critical', {
    ok: [
      'Aucun établissement n’a de droit hors de son schéma, et personne d’autre n’en a dans le sien.',
      'No establishment has a right outside its schema, and nobody else has one inside it.',
    ],
    bad: ['Le mur entre les établissements est ouvert', 'The wall between establishments is open'],
    remedy: [
      'Retirez ces droits tout de suite (REVOKE … ON … FROM …), puis cherchez qui les a donnés et ce qui a été lu.',
      'Revoke these rights at once (REVOKE … ON … FROM …), then find out who granted them and what was read.',
    ],
  }),
  platform_rights: wording('critical', {
    ok: [
      'Les tables communes ne sont ouvertes qu’aux rôles de la plateforme, comme les migrations le disent.',
      'The shared tables are open to the roles of the platform only, as the migrations say.',
    ],
    bad: [
      'Les droits sur les tables communes ne sont pas ceux des migrations : de trop (+) ou manquants (−)',
      'The rights on the shared tables are not those of the migrations: too many (+) or missing (−)',
    ],
    remedy: [
      'REVOKE ce qui est de trop, GRANT ce qui manque, sous le nom du rôle propriétaire.',
      'REVOKE what is too much, GRANT what is missing, as the owner role.',
    ],
  }),
  function_rights: wording('critical', {
    ok: [
      'Les fonctions de SIS ne sont appelables que par qui le doit.',
      'The functions of SIS can be called by whoever shall, and nobody else.',
    ],
    bad: [
      'Des fonctions de SIS sont appelables par d’autres que prévu, ou manquent',
      'Functions of SIS can be called by others than they should, or are missing',
    ],
    remedy: [
      '→ : REVOKE EXECUTE ON FUNCTION … FROM PUBLIC, ou du rôle nommé. − : GRANT EXECUTE … TO PUBLIC ; si elle manque, exécutez migrations/platform/0012_named_alike.sql avec le rôle propriétaire.',
      '→: REVOKE EXECUTE ON FUNCTION … FROM PUBLIC, or from the role that is named. −: GRANT EXECUTE … TO PUBLIC; where it is missing, run migrations/platform/0012_named_alike.sql as the owner role.',
    ],
  }),
  definer_functions: wording('critical', {
    ok: [
      'Aucune fonction ne prête les droits de son propriétaire sans chemin fixe (SECURITY DEFINER).',
      'No function lends its owner’s rights without a fixed path (SECURITY DEFINER).',
    ],
    bad: ['Des fonctions SECURITY DEFINER peuvent être détournées', 'SECURITY DEFINER functions can be misused'],
    remedy: [
      'ALTER FUNCTION … SET search_path = pg_catalog, pg_temp ; OWNER TO le rôle propriétaire ; REVOKE EXECUTE … FROM PUBLIC.',
      'ALTER FUNCTION … SET search_path = pg_catalog, pg_temp; OWNER TO the owner role; REVOKE EXECUTE … FROM PUBLIC.',
    ],
  }),
  owners: wording('critical', {
    ok: [
      'Schémas et tables appartiennent au rôle propriétaire ; les autres rôles de SIS ne possèdent rien.',
      'Schemas and tables belong to the owner role; the other roles of SIS own nothing.',
    ],
    bad: ['Des objets n’appartiennent pas à qui il faut', 'Objects do not belong to whom they should'],
    remedy: [
      'ALTER … OWNER TO le rôle propriétaire (sis_…_owner, ou l’utilisateur de DATABASE_OWNER_URL).',
      'ALTER … OWNER TO the owner role (sis_…_owner, or the login of DATABASE_OWNER_URL).',
    ],
  }),
  extensions: wording('critical', {
    ok: [
      'Les extensions sont à leur place, et aucune n’ouvre de porte.',
      'The extensions are in their place, and none opens a door.',
    ],
    bad: [
      'Des extensions manquent, ne sont pas dans sis_ext, ou ouvrent une porte à tous',
      'Extensions are missing, are not in sis_ext, or open a door to everybody',
    ],
    remedy: [
      'ALTER EXTENSION … SET SCHEMA sis_ext ; celle qui exécute du texte ou atteint d’autres serveurs : DROP EXTENSION, ou REVOKE EXECUTE … FROM PUBLIC.',
      'ALTER EXTENSION … SET SCHEMA sis_ext; one that runs text or reaches other servers: DROP EXTENSION, or REVOKE EXECUTE … FROM PUBLIC.',
    ],
  }),
  closed_functions: wording('critical', {
    ok: ['Les fonctions dangereuses de PostgreSQL sont fermées.', 'The dangerous functions of PostgreSQL are closed.'],
    bad: [
      'Des fonctions par lesquelles une instruction détournée changerait de rôle ou exécuterait du texte sont ouvertes',
      'Functions through which a bent statement would change its role or run text are open',
    ],
    remedy: [
      'Redémarrez SIS avec un superutilisateur dans DATABASE_OWNER_URL, ou faites faire par lui : REVOKE EXECUTE ON FUNCTION … FROM PUBLIC. Là où le service l’interdit, n’hébergez qu’un établissement par base.',
      'Restart SIS with a superuser in DATABASE_OWNER_URL, or have him run: REVOKE EXECUTE ON FUNCTION … FROM PUBLIC. Where the service forbids it, host one establishment per database.',
    ],
  }),
  closed_languages: wording('critical', {
    ok: ['Aucun langage de procédures n’est ouvert à tous.', 'No procedural language is open to everybody.'],
    bad: ['Des langages de procédures sont ouverts', 'Procedural languages are open'],
    remedy: [
      'Par un superutilisateur : REVOKE USAGE ON LANGUAGE … FROM PUBLIC.',
      'By a superuser: REVOKE USAGE ON LANGUAGE … FROM PUBLIC.',
    ],
  }),
  closed_temporary: wording('critical', {
    ok: [
      'Personne ne peut laisser de table temporaire à l’emprunteur suivant d’une connexion.',
      'Nobody can leave a temporary table to the next borrower of a connection.',
    ],
    bad: ['Tous peuvent créer des tables temporaires', 'Everybody may create temporary tables'],
    remedy: [
      'Redémarrez SIS : il refait ses rôles et ses droits à chaque démarrage ; si le point revient, REVOKE TEMPORARY ON DATABASE … FROM PUBLIC par le propriétaire de la base.',
      'Restart SIS: it makes its roles and rights again at each start; if the point comes back, REVOKE TEMPORARY ON DATABASE … FROM PUBLIC by the owner of the database.',
    ],
  }),
  closed_connect: wording('critical', {
    ok: [
      'Seuls les utilisateurs de SIS peuvent se connecter à cette base.',
      'Only the logins of SIS can connect to this database.',
    ],
    bad: [
      'Tout utilisateur du serveur peut se connecter à cette base',
      'Every login of the server can connect to this database',
    ],
    remedy: [
      'Redémarrez SIS : il refait ses rôles et ses droits à chaque démarrage ; si le point revient, REVOKE CONNECT ON DATABASE … FROM PUBLIC par le propriétaire de la base.',
      'Restart SIS: it makes its roles and rights again at each start; if the point comes back, REVOKE CONNECT ON DATABASE … FROM PUBLIC by the owner of the database.',
    ],
  }),
  closed_public_schema: wording('critical', {
    ok: ['Le schéma public est fermé.', 'The schema public is closed.'],
    bad: ['Le schéma public est ouvert', 'The schema public is open'],
    remedy: [
      'Par son propriétaire : REVOKE ALL ON SCHEMA public FROM PUBLIC (ou du rôle nommé).',
      'By its owner: REVOKE ALL ON SCHEMA public FROM PUBLIC (or from the role that is named).',
    ],
  }),
} satisfies Record<string, Wording>
