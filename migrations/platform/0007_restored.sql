-- An establishment restored from elsewhere brings its record with it. Its entries stand in the new chain from then on; what
-- its former installation signed of them is kept here, so that they can always be compared with what was signed.

create table sis_audit.restored (
  id uuid primary key,
  tenant text not null check (length(tenant) <= 63),
  restored_at timestamptz(3) not null default now(),
  -- Who signed: the installation's id, its Ed25519 key (base64url).
  installation text not null check (length(installation) <= 40),
  public_key text not null check (length(public_key) = 43),
  -- The signed bytes: the manifest's hash, and each table's with its number of rows.
  statement bytea not null,
  signature bytea not null check (length(signature) = 64),
  -- What was hashed: these columns of the entries between these two, as COPY writes them.
  columns text[] not null,
  first_seq bigint not null,
  last_seq bigint not null
);
-- grants: sis_audit.restored audit: select
