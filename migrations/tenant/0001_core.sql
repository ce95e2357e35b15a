-- What every establishment's records share: the operation keys of its writes, the versions of its records, its audit.
-- Unqualified names: the runner sets the path. "grants: table privileges" narrows the tenant role's rights (default: all four).

-- Kept 48 h (design, contract): same key and same body again answers what was answered.
create table idempotency_key (
  account_id uuid not null,
  route text not null check (length(route) <= 120),
  key text not null check (length(key) <= 255),
  request_hash text not null,
  status integer,
  body jsonb,
  created_at timestamptz(3) not null default now(),
  primary key (account_id, route, key)
);
create index idempotency_key_age on idempotency_key (created_at);

-- grants: record_version select, insert
create table record_version (
  resource text not null check (length(resource) <= 40),
  resource_id uuid not null,
  version integer not null,
  at timestamptz(3) not null default now(),
  by_id uuid,
  by_name text not null check (length(by_name) <= 160),
  action text not null check (action in ('create', 'update', 'hide', 'import')),
  reason text check (length(reason) <= 500),
  data jsonb not null,
  primary key (resource, resource_id, version)
);

-- grants: audit_entry select, insert
create table audit_entry (
  id uuid primary key,
  at timestamptz(3) not null default now(),
  actor_id uuid,
  actor_name text not null check (length(actor_name) <= 160),
  actor_role text not null check (length(actor_role) <= 40),
  session_id uuid,
  action text not null check (length(action) <= 60),
  resource text check (length(resource) <= 40),
  resource_id text check (length(resource_id) <= 80),
  patient_id uuid,
  outcome text not null check (outcome in ('success', 'refused', 'failure')),
  reason text check (length(reason) <= 500),
  ip text check (length(ip) <= 64),
  request_id text check (length(request_id) <= 64)
);
-- "Who touched this file": by patient, newest first.
create index audit_entry_patient on audit_entry (patient_id, at desc);
create index audit_entry_at on audit_entry (at desc, id desc);
