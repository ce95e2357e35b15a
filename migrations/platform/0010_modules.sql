-- Which modules an establishment has, where somebody has chosen: name → {enabled, mode}. What is not named is as its type
-- says, so that a module that comes with a later version needs no row changed.
alter table sis_platform.establishment add column modules jsonb not null default '{}'
  check (jsonb_typeof(modules) = 'object' and octet_length(modules::text) <= 8192);
-- grants: sis_platform.establishment accounts: update (modules)

drop trigger bump on sis_platform.establishment;
create trigger bump before insert or update of slug, name, type, region, cercle, health_district, status, access_granted, modules on sis_platform.establishment
  for each row execute function sis_platform.stamp_change();
