-- Text bounds are three times the API's: Unicode normalisation may lengthen a text.

create table consultation (
  id uuid primary key,
  version integer not null default 1,
  patient_id uuid not null references patient (id),
  date date not null check (date between '1900-01-01' and '2200-12-31'),
  practitioner_name text check (length(practitioner_name) <= 360),
  -- Folded (no accents, no capitals), for the filter: "dr diarra" finds "Dr. Diarra". Not indexed: a centre has a
  -- few dozen prescribers, so that walking the date index finds a page of one of them soon.
  practitioner_key text not null default '',
  service_id uuid references service (id),
  specialty_id uuid references specialty (id),
  reason text check (length(reason) <= 1500),
  diagnosis text check (length(diagnosis) <= 3000),
  -- [{system, code, category, label, role}]: the label as it was on the day, in the one row that a page reads.
  codes jsonb not null default '[]' check (jsonb_typeof(codes) = 'array' and jsonb_array_length(codes) <= 20),
  case_type text not null default 'new' check (case_type in ('new', 'followUp')),
  examinations text check (length(examinations) <= 15000),
  treatment text check (length(treatment) <= 15000),
  notes text check (length(notes) <= 15000),
  -- The bounds and units of rules/vitals.ts (a test compares them): beyond them a figure is a slip of the pen.
  temperature numeric(3, 1) check (temperature between 25 and 45),
  systolic smallint check (systolic between 30 and 300),
  diastolic smallint check (diastolic between 10 and 200),
  pulse smallint check (pulse between 20 and 300),
  respiration smallint check (respiration between 4 and 150),
  spo2 smallint check (spo2 between 30 and 100),
  weight numeric(6, 3) check (weight between 0.2 and 400),
  height numeric(4, 1) check (height between 20 and 250),
  muac smallint check (muac between 50 and 600),
  outcome text check (outcome in ('home', 'observation', 'hospitalised', 'referred', 'leftAgainstAdvice', 'death', 'other')),
  -- What q searches: diagnosis, reason and the codes' labels, folded.
  search_key text not null,
  created_by_id uuid,
  created_by_name text not null check (length(created_by_name) <= 160),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  hidden_at timestamptz(3),
  hidden_by uuid,
  hidden_reason text check (length(hidden_reason) <= 500),
  constraint consultation_pressure check (diastolic < systolic)
);

-- The list, newest first, and its cursor; filters by date, service, specialty, prescriber and case walk it.
create index consultation_date on consultation (date desc, id desc);
-- One patient's record, in the same order; also what the foreign key to patient needs.
create index consultation_patient on consultation (patient_id, date desc, id desc);
-- Synchronisation: what changed since.
create index consultation_updated on consultation (updated_at);
-- Words within the diagnosis, accents and endings aside.
create index consultation_search on consultation using gin (search_key sis_ext.gin_trgm_ops);
-- A code or a category of three characters; path_ops: containment only, a third of the size.
create index consultation_codes on consultation using gin (codes jsonb_path_ops);
