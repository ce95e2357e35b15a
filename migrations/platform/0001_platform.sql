-- What is shared between establishments: the directory, the accounts, the keys. No clinical data ever stands here.
-- Rights: a comment line "grants: <table> <role>: <privileges>" is applied by the runner (roles: directory, accounts, audit).

create table sis_platform.establishment (
  id uuid primary key,
  slug text not null unique check (slug ~ '^[a-z][a-z0-9_]{2,39}$'),
  name text not null check (length(name) between 2 and 160),
  type text not null check (type in ('hospital', 'csref', 'cscom', 'cabinet')),
  region text not null check (length(region) <= 80),
  cercle text check (length(cercle) <= 80),
  health_district text check (length(health_district) <= 80),
  status text not null default 'provisioning' check (status in ('provisioning', 'active', 'suspended', 'archived', 'failed')),
  status_reason text check (length(status_reason) <= 500),
  -- Opaque on purpose: pg_namespace and pg_roles are readable by every role (research: catalog leaks).
  schema_name text not null unique check (schema_name ~ '^sis_[a-z0-9]+_t_[a-z0-9]+$'),
  access_granted boolean not null default false,
  demo boolean not null default false,
  version integer not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);
-- grants: sis_platform.establishment directory: select
-- Never its slug, its schema, its type: these are for ever.
-- grants: sis_platform.establishment accounts: select, insert, update (name, region, cercle, health_district, status, status_reason, version, updated_at)

create table sis_platform.directory_version (
  only_row boolean primary key default true check (only_row),
  version bigint not null default 1,
  changed_at timestamptz(3) not null default now()
);
insert into sis_platform.directory_version default values;
-- grants: sis_platform.directory_version directory: select
-- grants: sis_platform.directory_version accounts: select, update

create table sis_platform.account (
  id uuid primary key,
  username text not null unique check (username ~ '^[a-z0-9][a-z0-9._-]{2,63}$'),
  display_name text not null check (length(display_name) between 1 and 120),
  email text check (length(email) <= 254),
  phone text check (length(phone) <= 20),
  password_hash text check (length(password_hash) <= 255),
  password_changed_at timestamptz(3),
  status text not null default 'invited' check (status in ('invited', 'active', 'disabled')),
  platform_role text check (platform_role in ('SUPER_ADMIN', 'MINISTERE_SIS', 'SIS_INRSP')),
  demo boolean not null default false,
  -- Access tokens issued before this instant are refused: a changed password, right or status acts at once.
  not_before timestamptz(3),
  last_login_at timestamptz(3),
  version integer not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);
-- grants: sis_platform.account directory: select (id, status, not_before)
-- Nobody becomes of the platform, or a demonstration, afterwards.
-- grants: sis_platform.account accounts: select, insert, update (display_name, email, phone, password_hash, password_changed_at, status, not_before, last_login_at, version, updated_at)

create table sis_platform.membership (
  id uuid primary key,
  account_id uuid not null references sis_platform.account (id),
  establishment_id uuid not null references sis_platform.establishment (id),
  role text not null check (role in ('SIH', 'SIS_CSREF', 'SIS_CSCOM', 'SIS_CABINET', 'ADMIN_LOCAL')),
  status text not null check (status in ('invited', 'active', 'removed')),
  version integer not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  constraint membership_once unique (account_id, establishment_id, role)
);
create index membership_establishment on sis_platform.membership (establishment_id);
-- A role, once given, is taken away and given again; it never becomes another one, or another person's.
-- grants: sis_platform.membership accounts: select, insert, update (status, version, updated_at)

create table sis_platform.session (
  id uuid primary key,
  account_id uuid not null references sis_platform.account (id),
  establishment_id uuid references sis_platform.establishment (id),
  role text,
  refresh_hash bytea not null,
  previous_hash bytea,
  successor bytea,
  rotated_at timestamptz(3) not null default now(),
  idle_expires_at timestamptz(3) not null,
  expires_at timestamptz(3) not null,
  revoked_at timestamptz(3),
  revoked_reason text check (length(revoked_reason) <= 80),
  user_agent text check (length(user_agent) <= 200),
  created_at timestamptz(3) not null default now(),
  last_used_at timestamptz(3) not null default now()
);
create index session_account on sis_platform.session (account_id);
create index session_revoked on sis_platform.session (revoked_at) where revoked_at is not null;
-- grants: sis_platform.session directory: select (id, revoked_at)
-- grants: sis_platform.session accounts: select, insert, update, delete

create table sis_platform.activation (
  token_hash bytea primary key,
  account_id uuid not null references sis_platform.account (id),
  purpose text not null check (purpose in ('activate', 'reset')),
  expires_at timestamptz(3) not null,
  used_at timestamptz(3),
  created_by uuid,
  created_at timestamptz(3) not null default now()
);
create index activation_account on sis_platform.activation (account_id);
-- grants: sis_platform.activation accounts: select, insert, update, delete

create table sis_platform.signing_key (
  kid text primary key,
  public_jwk jsonb not null,
  private_key bytea not null,
  status text not null check (status in ('next', 'current', 'previous', 'retired')),
  created_at timestamptz(3) not null default now(),
  rotated_at timestamptz(3)
);
create unique index signing_key_one_current on sis_platform.signing_key (status) where status = 'current';
-- grants: sis_platform.signing_key directory: select
-- grants: sis_platform.signing_key accounts: select, insert, update

create table sis_platform.idempotency_key (
  account_id uuid not null,
  route text not null check (length(route) <= 120),
  key text not null check (length(key) <= 255),
  request_hash text not null,
  status integer,
  body jsonb,
  created_at timestamptz(3) not null default now(),
  primary key (account_id, route, key)
);
create index idempotency_key_age on sis_platform.idempotency_key (created_at);
-- grants: sis_platform.idempotency_key accounts: select, insert, update, delete

create table sis_platform.audit_event (
  id uuid primary key,
  at timestamptz(3) not null default now(),
  actor_id uuid,
  actor_name text not null check (length(actor_name) <= 160),
  actor_role text check (length(actor_role) <= 40),
  establishment_id uuid references sis_platform.establishment (id),
  action text not null check (length(action) <= 60),
  target_type text check (length(target_type) <= 40),
  target_id text check (length(target_id) <= 80),
  outcome text not null check (outcome in ('success', 'refused', 'failure')),
  reason text check (length(reason) <= 500),
  ip text check (length(ip) <= 64),
  request_id text check (length(request_id) <= 64),
  detail jsonb
);
create index audit_event_establishment on sis_platform.audit_event (establishment_id, at desc, id desc);
-- grants: sis_platform.audit_event accounts: insert
-- grants: sis_platform.audit_event audit: select

create table sis_platform.tenant_migration (
  establishment_id uuid primary key references sis_platform.establishment (id),
  version integer not null default 0,
  status text not null check (status in ('pending', 'running', 'done', 'failed')),
  attempt integer not null default 0,
  error text,
  duration_ms integer,
  finished_at timestamptz(3)
);

-- The version row that every HTTP process polls: whatever decides who may do what moves it, in the same transaction.
create function sis_platform.bump_directory_version() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  update sis_platform.directory_version set version = version + 1, changed_at = clock_timestamp();
  return null;
end $$;
revoke execute on function sis_platform.bump_directory_version() from public;

create trigger bump after insert or update of slug, name, type, region, cercle, health_district, status, access_granted on sis_platform.establishment
  for each statement execute function sis_platform.bump_directory_version();
create trigger bump after update of status, not_before, platform_role on sis_platform.account
  for each statement execute function sis_platform.bump_directory_version();
create trigger bump after update of revoked_at on sis_platform.session
  for each statement execute function sis_platform.bump_directory_version();
create trigger bump after insert or update or delete on sis_platform.signing_key
  for each statement execute function sis_platform.bump_directory_version();
