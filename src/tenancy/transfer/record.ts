import { ident, literal, type OwnerSession } from '../owner/connection.ts'
import { recordName, type CatalogueTable } from './catalogue.ts'

// What an entry says. Its place in the chain (seq, era, xid, chain, tenant) is that of the installation where it stands.
const columns = [
  'id',
  'at',
  'actor_id',
  'actor_name',
  'actor_role',
  'session_id',
  'action',
  'resource',
  'resource_id',
  'patients',
  'outcome',
  'reason',
  'ip',
  'request_id',
  'detail',
  'origin',
]

export const recordTable: CatalogueTable = { name: recordName, columns, rows: 0 }

/** All entries of an establishment's record, the oldest first; of each what its chain was called where it was written. */
export const copyRecord = (tenant: string, wanted: string[] = columns): string =>
  `copy (select ${listOf(wanted, 'coalesce(origin, chain)')} from sis_audit.entry where tenant = ${literal(tenant)} order by seq) to stdout`

/** The entries that a restore brought, as they were in its file. */
export const copyRestored = (tenant: string, wanted: string[], first: string, last: string): string =>
  `copy (select ${listOf(wanted, 'origin')} from sis_audit.entry where tenant = ${literal(tenant)} and origin is not null
     and seq between ${literal(first)} and ${literal(last)} order by seq) to stdout`

const listOf = (wanted: string[], origin: string): string =>
  wanted.map((name) => (name === 'origin' ? `${origin} as origin` : ident(name))).join(', ')

/** A table in the new schema that takes the file's entries, to be gone before the end. @param wanted the file's columns, looked up */
export const stageRecord = (wanted: string[]): string =>
  `create table ${recordName} as select ${wanted.map(ident).join(', ')} from sis_audit.entry where false;
   alter table ${recordName} add line bigint generated always as identity`

export type TakenOver = { entries: number; first: string | null; last: string | null }

/** Puts the staged entries that are not here yet on this establishment's record, in their order, and drops the stage. */
export async function takeOverRecord(session: OwnerSession, tenant: string, wanted: string[]): Promise<TakenOver> {
  const list = wanted.map(ident).join(', ')
  const [taken] = await session.query<{ entries: string; first: string | null; last: string | null }>(
    `with taken as (
       insert into sis_audit.entry (${list}, chain, tenant)
       select ${list}, $1::text, $1::text from ${recordName} s
       where not exists (select from sis_audit.entry e where e.tenant = $1 and e.at = s.at and e.id = s.id)
       order by line returning seq)
     select count(*) as entries, min(seq)::text as first, max(seq)::text as last from taken`,
    [tenant],
  )
  await session.run(`drop table ${recordName}`)
  return { entries: Number(taken?.entries ?? 0), first: taken?.first ?? null, last: taken?.last ?? null }
}

export type RecordEvent = {
  action: string
  resource: string
  resourceId: string
  actor: string
  detail: Record<string, unknown>
}

/** An act of the platform on an establishment, on that establishment's record. */
export async function recordOn(session: OwnerSession, tenant: string, event: RecordEvent): Promise<void> {
  await session.query(
    `insert into sis_audit.entry (id, chain, tenant, actor_name, action, resource, resource_id, outcome, detail)
     values (gen_random_uuid(), 'platform', $1, $2, $3, $4, $5, 'success', $6)`,
    [tenant, event.actor.slice(0, 160), event.action, event.resource, event.resourceId, JSON.stringify(event.detail)],
  )
}
