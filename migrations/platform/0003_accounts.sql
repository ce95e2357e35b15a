-- A person without a membership still logs in, to accept an invitation: such a session works under no role.
alter table sis_platform.session alter column role drop not null;

-- A right that was given or taken acts on every process within two seconds; so does a changed name.
create trigger bump after insert or update of status on sis_platform.membership
  for each statement execute function sis_platform.bump_directory_version();
create trigger bump_name after update of username, display_name on sis_platform.account
  for each statement execute function sis_platform.bump_directory_version();
