/** What somebody who speaks as one of the pools' roles tries against the record; each must be refused (42501, 0A000). */
export const attacks = (own: string, other: string, ownerRole: string): string[] => {
  const fields = 'id, actor_name, action, outcome'
  const values = `gen_random_uuid(), 'x', 'patient.read', 'success'`
  return [
    `insert into sis_audit.entry (${fields}, origin) values (${values}, '${other}')`,
    `insert into sis_audit.entry (${fields}, xid) values (${values}, '3')`,
    `insert into sis_audit.entry (${fields}, era) values (${values}, 0)`,
    `insert into sis_audit.entry (${fields}, seq) overriding system value values (${values}, -1)`,
    `insert into sis_audit.entry (${fields}) values (${values}) on conflict (seq) do update set reason = 'x'`,
    `update sis_audit.entry set reason = 'x'`,
    `update sis_audit.entry set outcome = 'success' where tenant = '${own}'`,
    `with gone as (delete from sis_audit.entry returning 1) select count(*) from gone`,
    `delete from sis_audit.entry`,
    `truncate sis_audit.entry`,
    `truncate sis_audit.seal, sis_audit.entry cascade`,
    `drop table sis_audit.entry`,
    `drop schema sis_audit cascade`,
    `drop policy own_append on sis_audit.entry`,
    `create policy all_of_it on sis_audit.entry using (true)`,
    `alter table sis_audit.entry disable row level security`,
    `alter table sis_audit.entry disable trigger all`,
    `alter table sis_audit.entry alter column era set default 9`,
    `alter table sis_audit.entry rename to gone`,
    `create rule nothing as on insert to sis_audit.entry do instead nothing`,
    `create table sis_audit.more (x integer)`,
    `alter sequence sis_audit.entry_seq_seq restart with 1`,
    `select setval('sis_audit.entry_seq_seq', 1000000)`,
    `lock table sis_audit.entry in access exclusive mode`,
    `copy sis_audit.entry from program 'true'`,
    `copy sis_audit.entry to program 'cat > /dev/null'`,
    `insert into sis_audit.seal select chain, number + 1000, era, from_xid, to_xid, entries, root, previous, at, kid, head, signature, leaves from sis_audit.seal`,
    `update sis_audit.seal set entries = 1`,
    `delete from sis_audit.seal`,
    `set local session_replication_role = replica`,
    `set role ${ownerRole}`,
    `set session authorization ${ownerRole}`,
    `alter table sis_audit.entry owner to ${ownerRole}`,
    `alter role ${own} bypassrls`,
  ]
}

/** Entries on somebody else's record, or in a chain that is not the writer's. */
export const impostures = (own: string, other: string): { as: 'own' | 'accounts' | 'audit'; sql: string }[] => {
  const entry = (names: string, values: string) =>
    `insert into sis_audit.entry (id, actor_name, action, outcome${names}) values (gen_random_uuid(), 'x', 'patient.read', 'success'${values})`
  return [
    { as: 'own', sql: entry(', tenant', `, '${other}'`) },
    { as: 'own', sql: entry(', chain', `, 'platform'`) },
    { as: 'accounts', sql: entry(', tenant, chain', `, '${own}', '${own}'`) },
    { as: 'audit', sql: entry(', tenant, chain', `, '${own}', '${other}'`) },
  ]
}
