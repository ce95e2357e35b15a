-- How often a password was guessed, by account, by network, by both, and by known device. What is counted stands under a
-- keyed hash (HMAC): a name that nobody has may be a password typed in the wrong field. Rows that say nothing any more
-- are deleted as others are counted.

create table sis_platform.login_attempt (
  key bytea primary key check (octet_length(key) = 16),
  -- Refused tries that still count, as of counted_at; they are forgotten one by one (attempt-rules.ts).
  failures real not null check (failures >= 0 and failures <= 1000),
  counted_at timestamptz(3) not null,
  -- No password is compared before.
  open_at timestamptz(3) not null,
  -- Of an account and a network: the right password came from there, which is believed until then.
  known_until timestamptz(3),
  forget_at timestamptz(3) not null
);
create index login_attempt_forget on sis_platform.login_attempt (forget_at);
-- grants: sis_platform.login_attempt accounts: select, insert, update, delete
