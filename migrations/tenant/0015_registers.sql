-- Registers of other kinds than consultations are imported too.

-- The same file may be told to be another register: what it was read as is part of what was stored.
alter table import_run
  add column register text not null default 'consultations' check (length(register) between 1 and 40);
drop index import_run_file;
create unique index import_run_file on import_run (file_hash, register) where not dry_run;

-- A line became a consultation or a stay.
alter table import_line alter column consultation_id drop not null;
alter table import_line add column stay_id uuid references stay (id);
alter table import_line add constraint import_line_of_one check (num_nonnulls(consultation_id, stay_id) = 1);
