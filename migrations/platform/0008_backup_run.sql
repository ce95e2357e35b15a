-- When the whole was last saved, restored, and restored for a try: `sis doctor` and the register of processing tell it.

create table sis_platform.backup_run (
  id uuid primary key,
  kind text not null check (kind in ('backup', 'drill', 'restore')),
  at timestamptz(3) not null default now(),
  outcome text not null check (outcome in ('success', 'failure')),
  -- The instant that the backup shows.
  taken_at timestamptz(3),
  file_name text check (length(file_name) <= 255),
  sha256 text check (length(sha256) = 64),
  bytes bigint,
  stored_rows bigint,
  duration_ms bigint,
  -- Of a failure, as it was said at the terminal.
  reason text check (length(reason) <= 500)
);
create index backup_run_newest on sis_platform.backup_run (kind, at desc);
-- grants: sis_platform.backup_run accounts: select
