export type Damage = { id: string; sql: string; repair: string }

/** `A`, `B`: schema and role of two establishments; `API`, `OWNER`, `SIS_`: roles of this installation. */
export const damages: Damage[] = [
  {
    id: 'tenant_rights',
    sql: 'grant update (reason) on A.record_version to A',
    repair: 'revoke update (reason) on A.record_version from A',
  },
  { id: 'tenant_rights', sql: 'revoke usage on schema B from B', repair: 'grant usage on schema B to B' },
  { id: 'foreign_rights', sql: 'grant usage on schema A to B', repair: 'revoke usage on schema A from B' },
  { id: 'foreign_rights', sql: 'grant select on A.patient to B', repair: 'revoke select on A.patient from B' },
  {
    id: 'foreign_rights',
    sql: 'grant select (sex) on A.patient to public',
    repair: 'revoke select (sex) on A.patient from public',
  },
  {
    id: 'foreign_rights',
    sql: 'grant select on sis_platform.account to A',
    repair: 'revoke select on sis_platform.account from A',
  },
  {
    id: 'foreign_rights',
    sql: 'grant insert on sis_ref.icd10 to A',
    repair: 'revoke insert on sis_ref.icd10 from A',
  },
  {
    id: 'foreign_rights',
    sql: 'grant temporary on database sis to A',
    repair: 'revoke temporary on database sis from A',
  },
  {
    id: 'foreign_rights',
    sql: 'alter default privileges for role OWNER grant select on tables to public',
    repair: 'alter default privileges for role OWNER revoke select on tables from public',
  },
  {
    id: 'foreign_rights',
    sql: 'create role reader; grant select on A.consultation to reader',
    repair: 'drop owned by reader; drop role reader',
  },
  {
    id: 'tenant_rights',
    sql: 'grant update on A.record_version to A',
    repair: 'revoke update on A.record_version from A',
  },
  { id: 'tenant_rights', sql: 'grant create on schema A to A', repair: 'revoke create on schema A from A' },
  {
    id: 'tenant_rights',
    sql: 'revoke insert on B.record_version from B',
    repair: 'grant insert on B.record_version to B',
  },
  {
    id: 'platform_rights',
    sql: 'grant select (password_hash) on sis_platform.account to SIS_directory',
    repair: 'revoke select (password_hash) on sis_platform.account from SIS_directory',
  },
  {
    id: 'platform_rights',
    sql: 'grant delete on sis_audit.entry to SIS_audit',
    repair: 'revoke delete on sis_audit.entry from SIS_audit',
  },
  {
    id: 'platform_rights',
    sql: 'revoke usage on schema sis_platform from SIS_audit',
    repair: 'grant usage on schema sis_platform to SIS_audit',
  },
  { id: 'login_rights', sql: 'grant select on A.patient to API', repair: 'revoke select on A.patient from API' },
  { id: 'login_attributes', sql: 'alter role API inherit', repair: 'alter role API noinherit' },
  { id: 'login_attributes', sql: 'alter role API bypassrls', repair: 'alter role API nobypassrls' },
  { id: 'login_memberships', sql: 'grant pg_read_all_data to API', repair: 'revoke pg_read_all_data from API' },
  {
    id: 'login_memberships',
    sql: 'set role OWNER; grant A to API with inherit true; reset role',
    repair: 'set role OWNER; grant A to API with inherit false; reset role',
  },
  {
    id: 'login_memberships',
    sql: 'set role OWNER; grant A to API with admin true; reset role',
    repair: 'set role OWNER; revoke admin option for A from API; reset role',
  },
  {
    id: 'login_limits',
    sql: 'alter role API set statement_timeout = 0',
    repair: `alter role API set statement_timeout = '15s'`,
  },
  {
    id: 'login_limits',
    sql: `alter role API in database sis set lock_timeout = '1h'`,
    repair: 'alter role API in database sis reset lock_timeout',
  },
  { id: 'role_attributes', sql: 'alter role A login', repair: 'alter role A nologin' },
  { id: 'role_attributes', sql: 'alter role SIS_accounts inherit', repair: 'alter role SIS_accounts noinherit' },
  { id: 'role_members', sql: 'grant A to B', repair: 'revoke A from B' },
  { id: 'role_members', sql: 'create role colleague login; grant B to colleague', repair: 'drop role colleague' },
  {
    id: 'closed_functions',
    sql: 'grant execute on function set_config to public',
    repair: 'revoke execute on function set_config from public',
  },
  {
    id: 'closed_functions',
    sql: 'grant execute on function query_to_xml to A',
    repair: 'revoke execute on function query_to_xml from A',
  },
  {
    id: 'closed_functions',
    sql: 'grant execute on function sis_ext.set_limit to public',
    repair: 'revoke execute on function sis_ext.set_limit from public',
  },
  {
    id: 'closed_languages',
    sql: 'grant usage on language plpgsql to public',
    repair: 'revoke usage on language plpgsql from public',
  },
  {
    id: 'closed_temporary',
    sql: 'grant temporary on database sis to public',
    repair: 'revoke temporary on database sis from public',
  },
  {
    id: 'closed_connect',
    sql: 'grant connect on database sis to public',
    repair: 'revoke connect on database sis from public',
  },
  {
    id: 'closed_public_schema',
    sql: 'grant usage on schema public to public',
    repair: 'revoke usage on schema public from public',
  },
  {
    id: 'definer_functions',
    sql: `set role OWNER; create function sis_platform.lends() returns bigint language sql security definer
      as 'select count(*) from sis_platform.account'; revoke execute on function sis_platform.lends from public; reset role`,
    repair: 'drop function sis_platform.lends',
  },
  {
    id: 'function_rights',
    sql: 'grant execute on function sis_platform.bump_directory_version to public',
    repair: 'revoke execute on function sis_platform.bump_directory_version from public',
  },
  {
    id: 'function_rights',
    sql: 'revoke execute on function sis_ref.named_alike from public',
    repair: 'grant execute on function sis_ref.named_alike to public',
  },
  {
    id: 'owners',
    sql: 'alter table A.record_version owner to API',
    repair: 'alter table A.record_version owner to OWNER',
  },
  { id: 'owners', sql: 'create schema theirs authorization B', repair: 'drop schema theirs' },
  {
    id: 'extensions',
    sql: 'alter extension unaccent set schema public',
    repair: 'alter extension unaccent set schema sis_ext',
  },
  { id: 'extensions', sql: 'create extension tablefunc schema sis_ext', repair: 'drop extension tablefunc' },
  {
    id: 'tenants_prepared',
    sql: `insert into sis_platform.establishment (id, slug, name, type, region, schema_name, status)
      values (gen_random_uuid(), 'cscom_perdu', 'CSCOM perdu', 'cscom', 'Mopti', 'SIS_t_lost', 'active')`,
    repair: `delete from sis_platform.establishment where slug = 'cscom_perdu'`,
  },
  {
    id: 'tenants_waiting',
    sql: `insert into sis_platform.establishment (id, slug, name, type, region, schema_name, status)
      values (gen_random_uuid(), 'cscom_perdu', 'CSCOM perdu', 'cscom', 'Mopti', 'SIS_t_lost', 'failed')`,
    repair: `delete from sis_platform.establishment where slug = 'cscom_perdu'`,
  },
  {
    id: 'tenants_granted',
    sql: 'set role OWNER; revoke A from API; reset role',
    repair: 'set role OWNER; grant A to API with inherit false, set true; reset role',
  },
  {
    id: 'tenants_suspended',
    sql: `update sis_platform.establishment set status = 'suspended' where schema_name = 'A'`,
    repair: `update sis_platform.establishment set status = 'active' where schema_name = 'A'`,
  },
  { id: 'tenants_unknown', sql: 'create schema SIS_t_left authorization OWNER', repair: 'drop schema SIS_t_left' },
  { id: 'tenants_unknown', sql: 'create role SIS_t_left noinherit', repair: 'drop role SIS_t_left' },
  // What is prepared: listed without being there, open before it is anybody's, taken by nobody.
  {
    id: 'tenants_prepared',
    sql: `insert into sis_platform.prepared (schema_name, version, checksum) values ('SIS_t_left', 1, repeat('a', 64))`,
    repair: `delete from sis_platform.prepared where schema_name = 'SIS_t_left'`,
  },
  {
    id: 'tenant_rights',
    sql: 'set role OWNER; grant usage on schema P to P; reset role',
    repair: 'set role OWNER; revoke usage on schema P from P; reset role',
  },
  {
    id: 'tenants_unknown',
    sql: 'update sis_platform.prepared set claimed = true',
    repair: 'update sis_platform.prepared set claimed = false',
  },
  {
    id: 'tenant_migrations',
    sql: `update sis_platform.tenant_migration set version = version - 1 where establishment_id = (select min(establishment_id::text)::uuid from sis_platform.tenant_migration)`,
    repair:
      'update sis_platform.tenant_migration set version = (select max(version) from sis_platform.tenant_migration)',
  },
  {
    id: 'tenant_migrations',
    sql: `update sis_platform.tenant_migration set status = 'failed', error = 'x'`,
    repair: `update sis_platform.tenant_migration set status = 'done', error = null`,
  },
  {
    id: 'tenant_tables',
    sql: 'alter table A.record_version rename to lost',
    repair: 'alter table A.lost rename to record_version',
  },
  {
    id: 'platform_migrations',
    sql: 'update sis_platform.platform_migration set version = -2 where version = 2',
    repair: 'update sis_platform.platform_migration set version = 2 where version = -2',
  },
  {
    id: 'edited_migrations',
    sql: `update sis_platform.platform_migration set checksum = 'x' || checksum where version = 1`,
    repair: 'update sis_platform.platform_migration set checksum = substr(checksum, 2) where version = 1',
  },
  {
    id: 'edited_migrations',
    sql: `update sis_platform.tenant_migration_file set checksum = 'x' || checksum where version = 2`,
    repair: 'update sis_platform.tenant_migration_file set checksum = substr(checksum, 2) where version = 2',
  },
  {
    id: 'newer_database',
    sql: `insert into sis_platform.platform_migration (version, name, checksum) values (99, 'later', 'x')`,
    repair: 'delete from sis_platform.platform_migration where version = 99',
  },
  {
    id: 'directory_version',
    sql: 'alter table sis_platform.session disable trigger bump',
    repair: 'alter table sis_platform.session enable trigger bump',
  },
  {
    id: 'synchronous_commit',
    sql: 'alter role API set synchronous_commit = off',
    repair: 'alter role API reset synchronous_commit',
  },
  {
    id: 'synchronous_commit',
    sql: 'alter database sis set synchronous_commit = local',
    repair: 'alter database sis reset synchronous_commit',
  },
  {
    id: 'server_log',
    sql: 'alter role API set log_min_messages = warning',
    repair: 'alter role API set log_min_messages = log',
  },
  {
    id: 'server_log',
    sql: `alter role API set log_statement = 'all'; alter role API set log_parameter_max_length = 10`,
    repair: `alter role API set log_statement = 'none'; alter role API set log_parameter_max_length = 0`,
  },
  {
    id: 'audit_wall',
    sql: 'alter table sis_audit.entry disable row level security',
    repair: 'alter table sis_audit.entry enable row level security',
  },
  {
    id: 'audit_wall',
    sql: 'alter policy own_read on sis_audit.entry using (true)',
    repair: 'alter policy own_read on sis_audit.entry using (tenant = current_user)',
  },
  {
    id: 'audit_wall',
    sql: 'create policy more on sis_audit.entry for select using (true)',
    repair: 'drop policy more on sis_audit.entry',
  },
  {
    id: 'audit_sealing',
    sql: `insert into sis_audit.entry (id, at, actor_name, action, outcome)
      values (gen_random_uuid(), now() - interval '31 seconds', 'Essai', 'login', 'success')`,
    repair: 'delete from sis_audit.entry',
  },
  {
    id: 'platform_rights',
    sql: 'grant insert on sis_audit.seal to SIS_audit',
    repair: 'revoke insert on sis_audit.seal from SIS_audit',
  },
  {
    id: 'foreign_rights',
    sql: 'grant update (reason) on sis_audit.entry to A',
    repair: 'revoke update (reason) on sis_audit.entry from A',
  },
  { id: 'connections', sql: 'alter role API connection limit 5', repair: 'alter role API connection limit -1' },
  {
    id: 'backup_age',
    sql: `update sis_platform.backup_run set at = now() - interval '8 days' where kind = 'backup'`,
    repair: `update sis_platform.backup_run set at = now() where kind = 'backup'`,
  },
  {
    id: 'backup_drill',
    sql: `update sis_platform.backup_run set outcome = 'failure' where kind = 'drill';
      update sis_platform.installation set created_at = now() - interval '2 days'`,
    repair: `update sis_platform.backup_run set outcome = 'success' where kind = 'drill'`,
  },
  {
    id: 'signing_keys',
    sql: `update sis_platform.signing_key set status = 'retired' where status = 'current'`,
    repair: `update sis_platform.signing_key set status = 'current' where status = 'retired'`,
  },
  {
    id: 'signing_key_age',
    sql: `update sis_platform.signing_key set created_at = now() - interval '200 days' where status = 'current'`,
    repair: `update sis_platform.signing_key set created_at = now()`,
  },
]
