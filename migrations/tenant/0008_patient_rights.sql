-- A patient's opposition to the sharing of their data (loi 2013-015 of 21 May 2013), and its withdrawal. Both are facts
-- that were told on a day: they are added, never changed and never erased.

-- grants: patient_opposition select, insert
create table patient_opposition (
  id uuid primary key,
  patient_id uuid not null references patient (id),
  scope text not null check (scope in ('establishments', 'statistics', 'research')),
  -- The day on which the patient said so.
  since date not null check (since between '1900-01-01' and '2200-12-31'),
  reason text check (length(reason) <= 1500),
  recorded_at timestamptz(3) not null default now(),
  recorded_by_id uuid,
  recorded_by_name text not null check (length(recorded_by_name) <= 160)
);
-- One patient's; also what the foreign key needs.
create index patient_opposition_patient on patient_opposition (patient_id, recorded_at desc);

-- grants: opposition_withdrawal select, insert
create table opposition_withdrawal (
  -- One for each opposition: who opposes again makes a new one.
  opposition_id uuid primary key references patient_opposition (id),
  reason text not null check (length(reason) <= 1500),
  at timestamptz(3) not null default now(),
  by_id uuid,
  by_name text not null check (length(by_name) <= 160)
);
