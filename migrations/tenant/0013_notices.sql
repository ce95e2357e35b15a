-- Notifications: to roles or to one person, read and unread per person, kept for 90 days (docs/decisions/0020-notifications.md).

-- One row, locked from an act's notification to its COMMIT: numbers become visible in their order, so that whoever has seen
-- one will never be given a smaller one (a sequence gives numbers that commit in any order).
-- grants: notification_feed select, update
create table notification_feed (
  only_row boolean primary key default true check (only_row),
  -- The first 24 characters of every identifier: which establishment's, and of which making of its schema.
  mark text not null default overlay(substr(gen_random_uuid()::text, 1, 24) placing '8' from 15 for 1) check (length(mark) = 24),
  last bigint not null default 0 check (last between 0 and 281474976710655)
);
insert into notification_feed default values;

-- grants: notification select, insert, delete
create table notification (
  -- The feed's mark and the number, in hexadecimal (UUID version 8, RFC 9562 5.8): by identifier is in the order of delivery.
  -- The one index serves the list, the stream, the lookup and the retention, which all go by it.
  id uuid primary key,
  at timestamptz(3) not null default now(),
  kind text not null check (kind in ('admission', 'criticalStatus', 'bedShortage', 'equipment', 'breakGlass', 'system')),
  -- Which words: kept by who emits it.
  event text not null check (length(event) <= 60),
  severity text not null check (severity in ('info', 'warning', 'critical')),
  -- Addressed to whoever holds one of these roles, or to one person.
  roles text[] check (cardinality(roles) between 1 and 8),
  account_id uuid,
  -- Only for who sees this file. Nothing refers to it: a file is never removed, and the key would lock its row.
  patient_id uuid,
  resource text not null check (length(resource) <= 40),
  resource_id uuid,
  params jsonb not null default '{}' check (jsonb_typeof(params) = 'object' and pg_column_size(params) <= 2048),
  constraint notification_addressed check (num_nonnulls(roles, account_id) = 1)
);

-- grants: notification_read select, insert, delete
create table notification_read (
  notification_id uuid not null references notification (id) on delete cascade,
  account_id uuid not null,
  at timestamptz(3) not null default now(),
  -- In this order: looked for by the notifications of a page, and by those that the retention removes.
  primary key (notification_id, account_id)
);

-- Everything up to this one is read.
-- grants: notification_reader select, insert, update
create table notification_reader (
  account_id uuid primary key,
  read_up_to uuid not null,
  at timestamptz(3) not null default now()
);
