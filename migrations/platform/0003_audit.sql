-- The record of who did what, of all establishments in one table with row security (docs/decisions/0016-audit.md): entries
-- of several establishments are stored in one statement, and sealed, moved and looked through in one place.

create schema sis_audit;
grant usage on schema sis_audit to public;

create table sis_audit.entry (
  seq bigint generated always as identity primary key,
  -- Raised when the whole database is restored from a logical copy: transaction numbers begin anew there.
  era integer not null default 1,
  -- Whoever seals waits until no transaction as old as this one is under way.
  xid xid8 not null default pg_current_xact_id(),
  id uuid not null,
  -- The chain of seals that it stands in: its establishment's own (schema_name), or the platform's.
  chain text not null default case when current_user ~ '^sis_[a-z0-9]+_t_' then current_user::text else 'platform' end
    check (length(chain) <= 63),
  -- After a restore of one establishment from elsewhere: what its chain was called there.
  origin text check (length(origin) <= 63),
  -- On whose record it stands (schema_name); null: on the platform's only.
  tenant text default case when current_user ~ '^sis_[a-z0-9]+_t_' then current_user::text end check (length(tenant) <= 63),
  at timestamptz(3) not null default now(),
  actor_id uuid,
  actor_name text not null check (length(actor_name) <= 160),
  actor_role text check (length(actor_role) <= 40),
  session_id uuid,
  action text not null check (length(action) <= 60),
  resource text check (length(resource) <= 40),
  resource_id text check (length(resource_id) <= 80),
  -- Whose files were met with: at most 100, of an export 1,000 an entry.
  patients uuid[] not null default '{}' check (cardinality(patients) <= 1000),
  outcome text not null check (outcome in ('success', 'refused', 'failure')),
  reason text check (length(reason) <= 500),
  ip text check (length(ip) <= 64),
  request_id text check (length(request_id) <= 64),
  -- Names of filters, counts, hashes: never a clinical value.
  detail jsonb check (pg_column_size(detail) <= 8192)
);
-- An establishment's own role appends under its own name and reads its own; what it may not name has its default.
-- grants: sis_audit.entry public: select, insert (id, at, actor_id, actor_name, actor_role, session_id, action, resource, resource_id, patients, outcome, reason, ip, request_id, detail)
-- grants: sis_audit.entry accounts: insert (tenant)
-- grants: sis_audit.entry audit: insert (chain, tenant)

-- An establishment's record, newest first.
create index entry_tenant on sis_audit.entry (tenant, at desc, id desc);
-- What is not sealed yet; "who opened my file".
create index entry_xid on sis_audit.entry (xid);
create index entry_patients on sis_audit.entry using gin (patients);

alter table sis_audit.entry enable row level security;
create policy own_read on sis_audit.entry for select using (tenant = current_user);
create policy own_append on sis_audit.entry for insert with check (tenant = current_user and chain = current_user);
do $$
declare ours text := (select 'sis_' || id || '_' from sis_platform.installation);
begin
  execute format('create policy accounts_append on sis_audit.entry for insert to %I with check (chain = %L)', ours || 'accounts', 'platform');
  execute format('create policy audit_append on sis_audit.entry for insert to %I with check (chain = %L or chain = tenant)', ours || 'audit', 'platform');
  execute format('create policy audit_read on sis_audit.entry for select to %I using (true)', ours || 'audit');
end $$;

insert into sis_audit.entry (id, chain, tenant, at, actor_id, actor_name, actor_role, action, resource, resource_id, outcome, reason, ip, request_id, detail)
select a.id, 'platform', e.schema_name, a.at, a.actor_id, a.actor_name, a.actor_role, a.action, a.target_type, a.target_id, a.outcome, a.reason, a.ip, a.request_id, a.detail
from sis_platform.audit_event a left join sis_platform.establishment e on e.id = a.establishment_id
order by a.at, a.id;
drop table sis_platform.audit_event;
