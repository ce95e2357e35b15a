-- The second factor (TOTP, RFC 6238), its recovery codes, and the challenges between a password and a code.

create table sis_platform.second_factor (
  account_id uuid primary key references sis_platform.account (id),
  -- AES-256-GCM under a key derived from the master key, bound to the account; null: none, or one that was taken away.
  secret bytea check (length(secret) <= 100),
  -- The step (30 s since 1970) of the last code that was accepted: that one and all before it are refused (RFC 6238 5.2).
  last_step bigint not null default 0,
  confirmed_at timestamptz(3),
  -- Shown as a QR code, not yet answered by a code.
  pending_secret bytea check (length(pending_secret) <= 100),
  pending_at timestamptz(3),
  -- Wrong codes one after the other, and when the next one is looked at.
  failures integer not null default 0,
  retry_at timestamptz(3),
  last_used_at timestamptz(3),
  -- Taken away by somebody else, and no new one since.
  reset_at timestamptz(3)
);
-- grants: sis_platform.second_factor accounts: select, insert, update

create table sis_platform.recovery_code (
  account_id uuid not null references sis_platform.account (id),
  -- HMAC-SHA-256 under a key derived from the master key.
  code_hash bytea not null check (length(code_hash) = 32),
  used_at timestamptz(3),
  primary key (account_id, code_hash)
);
-- grants: sis_platform.recovery_code accounts: select, insert, update, delete

create table sis_platform.login_challenge (
  token_hash bytea primary key check (length(token_hash) = 32),
  account_id uuid not null references sis_platform.account (id),
  -- SHA-256 of the password's hash that was verified: another password ends the challenge.
  password_digest bytea not null check (length(password_digest) = 32),
  -- Where the person asked to work.
  establishment text check (length(establishment) <= 63),
  role text check (length(role) <= 40),
  failures integer not null default 0,
  expires_at timestamptz(3) not null
);
create index login_challenge_account on sis_platform.login_challenge (account_id);
-- grants: sis_platform.login_challenge accounts: select, insert, update, delete

-- Whether a code was given in this session.
alter table sis_platform.session add column second_factor boolean not null default false;
