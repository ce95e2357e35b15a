-- The seals over the audit record (docs/decisions/0012-audit-seals.md). Only the owner writes them, and signs them with a key
-- that is not in the database; nothing of ours ever changes or removes one.

create table sis_audit.seal (
  chain text not null check (length(chain) <= 63),
  -- 1, 2, 3… within the chain.
  number integer not null check (number > 0),
  -- It covers the chain's entries of this era with from_xid <= xid < to_xid: all of these transactions are over.
  era integer not null,
  from_xid xid8 not null,
  to_xid xid8 not null,
  entries integer not null check (entries > 0),
  -- Of the Merkle tree over the leaves (RFC 9162).
  root bytea not null,
  -- The head of the chain's seal before.
  previous bytea,
  at timestamptz(3) not null,
  kid text not null check (length(kid) <= 43),
  head bytea not null,
  signature bytea not null,
  -- For each entry its id (16 bytes) and the SHA-256 of its content (32), so that an edited one can be named.
  leaves bytea not null,
  primary key (chain, number)
);
-- Hashes cannot be compressed.
alter table sis_audit.seal alter column leaves set storage external;
-- Where sealing goes on; what was sealed since.
create index seal_to on sis_audit.seal (era, to_xid);
-- grants: sis_audit.seal audit: select
