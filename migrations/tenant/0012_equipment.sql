-- Equipment, and the days on which it could not be used. What has a history is not removed, but closed.

create table equipment (
  id uuid primary key,
  version integer not null default 1 check (version >= 1),
  code text not null check (length(code) between 1 and 90),
  -- Without accents and capitals: "Écho 2" and "ECHO 2" are one.
  code_key text not null check (length(code_key) between 1 and 90),
  name text not null check (length(name) between 1 and 360),
  -- What q searches: code and name, folded.
  search_key text not null check (length(search_key) <= 500),
  service_id uuid references service (id),
  -- The last of its states (equipment_state).
  state text not null check (state in ('working', 'maintenance', 'outOfOrder', 'closed')),
  state_since date not null check (state_since between '1900-01-01' and '2200-12-31'),
  next_maintenance_on date check (next_maintenance_on between '1900-01-01' and '2200-12-31'),
  -- The last day on which somebody was told that the maintenance is overdue: once a day, by whoever of several processes is first.
  overdue_told_on date,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  constraint equipment_code_taken unique (code_key)
);

-- The state that it has from a day on, until the next row's: periods without a gap that cannot overlap.
create table equipment_state (
  equipment_id uuid not null references equipment (id) on delete cascade,
  since date not null check (since between '1900-01-01' and '2200-12-31'),
  state text not null check (state in ('working', 'maintenance', 'outOfOrder', 'closed')),
  primary key (equipment_id, since)
);
