-- Beds, and what a ward says of its services. Nothing that a record refers to is removed: the keys refuse it; it is closed.

alter table service
  add column head text check (length(head) <= 360),
  add column unit text check (length(unit) <= 240),
  add column capacity integer check (capacity between 0 and 10000);

-- A renaming keeps the former name: what is there today is the first version that is kept.
insert into record_version (resource, resource_id, version, at, by_name, action, data)
select 'service', id, version, updated_at, 'SIS', 'create',
  jsonb_build_object('id', id, 'version', version, 'name', name, 'active', active, 'head', null, 'unit', null, 'capacity', null)
from service;

create table bed (
  id uuid primary key,
  version integer not null default 1 check (version >= 1),
  code text not null check (length(code) between 1 and 90),
  -- Without accents and capitals: "Lit 4" and "LIT 4" are one.
  code_key text not null check (length(code_key) between 1 and 90),
  -- Where it stands now, or stood last.
  service_id uuid not null references service (id),
  -- Occupied is not stored: a place of a stay that has not ended says it.
  state text not null default 'free' check (state in ('free', 'cleaning', 'outOfOrder')),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  constraint bed_code_taken unique (code_key)
);

-- When a bed could be used, and in which service: the days that indicators divide by. A bed that is closed and opened again,
-- or moves to another service, has several; they never overlap, as each is written under the lock of its bed.
create table bed_opening (
  bed_id uuid not null references bed (id),
  service_id uuid not null references service (id),
  opened_on date not null check (opened_on between '1900-01-01' and '2200-12-31'),
  -- The first day on which it could no longer be used; null: it is open.
  closed_on date check (closed_on between '1900-01-01' and '2200-12-31'),
  primary key (bed_id, opened_on),
  constraint bed_opening_order check (closed_on >= opened_on)
);
