-- The establishment's own lists. An entry is switched off (active), never deleted: old consultations keep its name.

create table service (
  id uuid primary key,
  name text not null check (length(name) between 1 and 240),
  -- The name without accents and capitals: "Médecine générale" and "medecine generale" are one.
  name_key text not null check (length(name_key) <= 160),
  active boolean not null default true,
  version integer not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  constraint service_name_taken unique (name_key)
);

create table specialty (
  id uuid primary key,
  name text not null check (length(name) between 1 and 240),
  name_key text not null check (length(name_key) <= 160),
  active boolean not null default true,
  version integer not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  constraint specialty_name_taken unique (name_key)
);
