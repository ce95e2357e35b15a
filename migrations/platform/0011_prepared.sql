-- Establishments that were made before anybody wished for one: role, schema and tables are there, of nobody yet. A wish takes one
-- in its own transaction, because its record begins there under the schema's name (sis_audit.entry.chain).

create table sis_platform.prepared (
  schema_name text primary key check (schema_name ~ '^sis_[a-z0-9]+_t_[a-z0-9]+$'),
  -- Of the establishments' migrations that made it; the checksum is that of all their files.
  version integer not null,
  checksum text not null check (checksum ~ '^[0-9a-f]{64}$'),
  claimed boolean not null default false,
  prepared_at timestamptz(3) not null default now()
);
-- Only the owner, who makes and drops schemas, adds and removes.
-- grants: sis_platform.prepared accounts: select (schema_name, version, claimed), update (claimed)
