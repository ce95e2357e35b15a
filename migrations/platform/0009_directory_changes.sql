-- Every process holds the directory in memory. A row carries the directory's version of its last change, so that whoever
-- finds the version row moved reads what changed: without it one logout anywhere made every process read all establishments
-- again, however many there are.

alter table sis_platform.establishment add column changed bigint;
alter table sis_platform.account add column changed bigint;
alter table sis_platform.session add column changed bigint;
create index establishment_changed on sis_platform.establishment (changed);
create index account_changed on sis_platform.account (changed) where changed is not null;
create index session_changed on sis_platform.session (changed) where changed is not null;
-- grants: sis_platform.account directory: select (changed)
-- grants: sis_platform.session directory: select (revoked_at, changed)

-- Once in a transaction, however many rows it changes. The version row stays locked until it ends: versions are seen in the
-- order in which they are committed, none is left out.
create function sis_platform.stamp_change() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  update sis_platform.directory_version set version = version + 1, changed_at = clock_timestamp()
    where xmin <> pg_current_xact_id()::xid returning version into new.changed;
  if not found then
    select version into strict new.changed from sis_platform.directory_version;
  end if;
  return new;
end $$;
revoke execute on function sis_platform.stamp_change() from public;

-- For each row, after it is locked: as before, the version row is the last that a statement waits for.
drop trigger bump on sis_platform.establishment;
create trigger bump before insert or update of slug, name, type, region, cercle, health_district, status, access_granted on sis_platform.establishment
  for each row execute function sis_platform.stamp_change();
drop trigger bump on sis_platform.account;
create trigger bump before update of status, not_before, platform_role on sis_platform.account
  for each row execute function sis_platform.stamp_change();
drop trigger bump on sis_platform.session;
create trigger bump before update of revoked_at on sis_platform.session
  for each row execute function sis_platform.stamp_change();
