-- Stays, the places that a patient had in them, and what was observed. Text bounds are three times the API's: Unicode
-- normalisation may lengthen a text.

create table stay (
  id uuid primary key,
  version integer not null default 1 check (version >= 1),
  patient_id uuid not null references patient (id),
  consultation_id uuid references consultation (id),
  admitted_at timestamptz(3) not null check (admitted_at between '1900-01-01' and '2200-12-31'),
  discharged_at timestamptz(3) check (discharged_at between '1900-01-01' and '2200-12-31'),
  -- Of the last of its places (stay_place): where the patient is, or was when the stay ended.
  service_id uuid not null references service (id),
  bed_id uuid references bed (id),
  attending_name text check (length(attending_name) <= 360),
  reason text check (length(reason) <= 1500),
  diagnosis text check (length(diagnosis) <= 3000),
  -- As of a consultation: [{system, code, category, label, role}].
  codes jsonb not null default '[]' check (jsonb_typeof(codes) = 'array' and jsonb_array_length(codes) <= 20),
  -- The last one before the discharge; "discharged" is not stored: discharged_at says it.
  status text not null default 'stable' check (status in ('stable', 'observation', 'critical')),
  discharge_mode text check (discharge_mode in ('home', 'referred', 'leftAgainstAdvice', 'escaped', 'deathBefore48h', 'deathAfter48h')),
  final_diagnosis text check (length(final_diagnosis) <= 3000),
  final_codes jsonb not null default '[]' check (jsonb_typeof(final_codes) = 'array' and jsonb_array_length(final_codes) <= 20),
  notes text check (length(notes) <= 15000),
  -- Of a centre that keeps patients under observation only.
  short_observation boolean not null default false,
  -- What q searches: diagnoses, reason and the codes' labels, folded.
  search_key text not null,
  created_by_id uuid,
  created_by_name text not null check (length(created_by_name) <= 160),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  hidden_at timestamptz(3),
  hidden_by uuid,
  hidden_reason text check (length(hidden_reason) <= 500),
  constraint stay_order check (discharged_at >= admitted_at),
  constraint stay_discharged_with_mode check ((discharged_at is null) = (discharge_mode is null)),
  constraint stay_final_after_discharge check (discharged_at is not null or final_diagnosis is null and final_codes = '[]'),
  constraint stay_death_in_time check (
    case discharge_mode
      when 'deathBefore48h' then discharged_at - admitted_at < interval '48 hours'
      when 'deathAfter48h' then discharged_at - admitted_at >= interval '48 hours'
      else true
    end
  ),
  constraint stay_hidden_with_reason check ((hidden_at is null) = (hidden_reason is null)),
  -- A patient has one stay at a time, also in what is written down later: not only one that is open.
  constraint stay_patient_admitted exclude using gist (patient_id with =, tstzrange(admitted_at, discharged_at) with &&)
    where (hidden_at is null)
);
-- The list, newest first, and its cursor.
create index stay_newest on stay (admitted_at desc, id desc);
-- One patient's record, in the same order; also what the foreign key to patient needs.
create index stay_patient on stay (patient_id, admitted_at desc, id desc);
-- Who is there now: few among all, asked for by each board and by each list of a ward.
create index stay_open on stay (service_id) where discharged_at is null and hidden_at is null;
-- Synchronisation: what changed since.
create index stay_updated on stay (updated_at);
-- A consultation admits at most once.
create unique index stay_consultation_admitted on stay (consultation_id) where consultation_id is not null and hidden_at is null;

-- Where the patient lay, from the admission on without a gap; the last place ends with the stay. A correction writes them
-- anew: what they were stands in the versions of the stay.
create table stay_place (
  id uuid primary key,
  stay_id uuid not null references stay (id),
  service_id uuid not null references service (id),
  -- None: the ward was full.
  bed_id uuid references bed (id),
  from_at timestamptz(3) not null,
  to_at timestamptz(3),
  -- Why the patient moved.
  reason text check (length(reason) <= 1500),
  by_id uuid,
  by_name text not null check (length(by_name) <= 160),
  at timestamptz(3) not null default now(),
  -- With its stay: it takes no bed.
  hidden boolean not null default false,
  constraint stay_place_once unique (stay_id, from_at),
  constraint stay_place_order check (to_at >= from_at),
  -- A bed has one patient at a time, also in what is written down later. Why an exclusion: docs/decisions/0019.
  constraint stay_place_bed_taken exclude using gist (bed_id with =, tstzrange(from_at, to_at) with &&)
    where (bed_id is not null and not hidden)
);
-- The beds that are taken now.
create index stay_place_open on stay_place (bed_id) where to_at is null and not hidden;

create table stay_observation (
  id uuid primary key,
  version integer not null default 1 check (version >= 1),
  stay_id uuid not null references stay (id),
  at timestamptz(3) not null,
  -- The bounds and units of a consultation's vital signs.
  temperature numeric(3, 1) check (temperature between 25 and 45),
  systolic smallint check (systolic between 30 and 300),
  diastolic smallint check (diastolic between 10 and 200),
  pulse smallint check (pulse between 20 and 300),
  respiration smallint check (respiration between 4 and 150),
  spo2 smallint check (spo2 between 30 and 100),
  weight numeric(6, 3) check (weight between 0.2 and 400),
  height numeric(4, 1) check (height between 20 and 250),
  muac smallint check (muac between 50 and 600),
  notes text check (length(notes) <= 15000),
  created_by_id uuid,
  created_by_name text not null check (length(created_by_name) <= 160),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  hidden_at timestamptz(3),
  hidden_by uuid,
  hidden_reason text check (length(hidden_reason) <= 500),
  constraint stay_observation_pressure check (diastolic < systolic),
  constraint stay_observation_hidden_with_reason check ((hidden_at is null) = (hidden_reason is null))
);
-- One stay's, newest first; also what the foreign key needs.
create index stay_observation_stay on stay_observation (stay_id, at desc, id desc);
