-- Sensitive files: who cares for the patient, and who opened the file without being of them (docs/decisions/0013).

-- When the mark was last set or taken away: a device that keeps a copy learns of it by updatedSince.
alter table patient add column sensitive_at timestamptz(3);
-- The files marked until today are protected from this migration on.
update patient set sensitive_at = now() where sensitive;
alter table patient add constraint patient_sensitive_at check (sensitive_at is not null or not sensitive);
-- Few files ever had the mark; synchronisation asks for those that changed it since an instant.
create index patient_sensitive on patient (sensitive_at) where sensitive_at is not null;

-- Whoever leaves stays written down. At most one row of a person and a patient is without removed_at.
-- grants: care_team select, insert, update
create table care_team (
  id uuid primary key,
  patient_id uuid not null references patient (id),
  user_id uuid not null,
  user_name text not null check (length(user_name) <= 160),
  -- Set the mark; wrote consultations before; was added by one of the team; was let in by a review.
  origin text not null check (origin in ('marked', 'treated', 'added', 'admitted')),
  reason text check (length(reason) <= 500),
  since timestamptz(3) not null default now(),
  added_by uuid,
  added_by_name text not null check (length(added_by_name) <= 160),
  removed_at timestamptz(3),
  removed_by uuid,
  removed_by_name text check (length(removed_by_name) <= 160),
  removed_reason text check (length(removed_reason) <= 500),
  constraint care_team_removed_with_reason check (num_nulls(removed_at, removed_by_name, removed_reason) in (0, 3))
);
create unique index care_team_member on care_team (patient_id, user_id) where removed_at is null;
-- Every list asks for the files of one person; nobody else's are read.
create index care_team_person on care_team (user_id);

-- grants: break_glass select, insert, update
create table break_glass (
  id uuid primary key,
  version integer not null default 1,
  patient_id uuid not null references patient (id),
  user_id uuid not null,
  user_name text not null check (length(user_name) <= 160),
  user_role text not null check (length(user_role) <= 40),
  reason text not null check (length(reason) <= 1500),
  opened_at timestamptz(3) not null,
  expires_at timestamptz(3) not null,
  reviewed_at timestamptz(3),
  reviewed_by uuid,
  reviewed_by_name text check (length(reviewed_by_name) <= 160),
  remark text check (length(remark) <= 1500),
  -- The review let the person into the caring team.
  admitted boolean not null default false,
  constraint break_glass_three_hours check (expires_at > opened_at and expires_at <= opened_at + interval '3 hours'),
  constraint break_glass_reviewed check (num_nulls(reviewed_at, reviewed_by_name, remark) in (0, 3))
);
-- As for the team: the files that one person has opened.
create index break_glass_person on break_glass (user_id, patient_id);
-- The administrator's list, newest first.
create index break_glass_newest on break_glass (opened_at desc, id desc);

-- The teams of files marked until today: who set the mark last, and who wrote a consultation in the last twelve months.
insert into care_team (id, patient_id, user_id, user_name, origin, added_by_name)
select gen_random_uuid(), patient_id, user_id, user_name, origin, 'SIS'
from (
  select distinct on (patient_id, user_id) patient_id, user_id, user_name, origin
  from (
    select v.resource_id as patient_id, v.by_id as user_id, v.by_name as user_name, 'marked' as origin
    from record_version v
    join patient p on p.id = v.resource_id and p.sensitive
    left join record_version before
      on before.resource = 'patient' and before.resource_id = v.resource_id and before.version = v.version - 1
    where v.resource = 'patient' and (v.data->>'sensitive')::boolean
      and not coalesce((before.data->>'sensitive')::boolean, false)
    union all
    select c.patient_id, c.created_by_id, c.created_by_name, 'treated'
    from consultation c
    join patient p on p.id = c.patient_id and p.sensitive
    join record_version v
      on v.resource = 'consultation' and v.resource_id = c.id and v.version = 1 and v.action = 'create'
    where c.hidden_at is null and c.created_at > now() - interval '12 months'
  ) named
  where user_id is not null
  order by patient_id, user_id, origin
) team;
