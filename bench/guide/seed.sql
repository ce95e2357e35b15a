-- The tables of the guide's design: for each establishment (setting bench.tenants) a schema, a role and 1,000 consultations.
-- The patient's name says whose it is, so that each answer can be checked.
do $$
declare s text;
begin
  for i in 0 .. current_setting('bench.tenants')::int - 1 loop
    s := 't_' || i;
    continue when exists (select from pg_namespace where nspname = s);
    execute format('create schema %I', s);
    if not exists (select from pg_roles where rolname = s) then execute format('create role %I', s); end if;
    execute format('grant usage on schema %I to %I', s, s);
    execute format('create table %I.consultations (id uuid primary key default gen_random_uuid(),
      patient_id uuid not null default gen_random_uuid(), patient_name text not null, doctor_name text not null,
      date date not null, service text not null, specialty text not null, diagnosis text not null,
      created_at timestamptz not null default now())', s);
    execute format('create index on %I.consultations (date desc, id desc)', s);
    execute format('grant select, insert, update, delete on all tables in schema %I to %I', s, s);
    execute format('insert into %I.consultations (patient_name, doctor_name, date, service, specialty, diagnosis)
      select %L || g, ''Dr. Touré'', date ''2024-01-01'' + (g %% 300), ''Pédiatrie'', ''Pédiatrie'', ''Paludisme''
      from generate_series(1, 1000) g', s, s || ' ');
  end loop;
end $$;
analyze;
