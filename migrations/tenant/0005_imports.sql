-- Registers that were imported. What a register said stays in the establishment's schema, like the records made of it.

-- One row, locked while a register is being stored: two imports at once would each open a file for the same new patient.
create table import_gate (
  id smallint primary key check (id = 1)
);
insert into import_gate (id) values (1);

-- grants: import_run select, insert, delete
create table import_run (
  id uuid primary key,
  -- SHA-256 of the file: the same file again stores nothing and answers this report.
  file_hash text not null check (length(file_hash) = 64),
  file_name text not null check (length(file_name) <= 300),
  dry_run boolean not null,
  -- Counts and notes; each note with its line, its column and its sentence in each language.
  report jsonb not null,
  -- The file's own headings, for the file of refused lines.
  header text[] not null,
  created_at timestamptz(3) not null default now(),
  created_by_id uuid,
  created_by_name text not null check (length(created_by_name) <= 160)
);
create unique index import_run_file on import_run (file_hash) where not dry_run;
create index import_run_newest on import_run (created_at desc, id desc);

-- grants: import_refused_line select, insert, delete
create table import_refused_line (
  import_id uuid not null references import_run (id),
  line integer not null check (line >= 1),
  column_name text,
  -- Why, in each language.
  message jsonb not null,
  -- As in the file, to be corrected.
  cells text[] not null,
  primary key (import_id, line)
);

-- grants: import_line select, insert
create table import_line (
  -- SHA-256 of what the line says, as it was understood: the same line in another file is a duplicate.
  content_hash text primary key check (length(content_hash) = 64),
  -- SHA-256 of register number, day and names: the same visit with another content is not stored a second time.
  visit_hash text check (length(visit_hash) = 64),
  import_id uuid not null references import_run (id),
  line integer not null check (line >= 1),
  consultation_id uuid not null references consultation (id)
);
create index import_line_visit on import_line (visit_hash);
