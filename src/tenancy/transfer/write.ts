import { BackupRefused } from '../../shared/backup-refused.ts'
import { sqlState } from '../failures.ts'
import { ident, plainForms, type OwnerPool, type OwnerSession } from '../owner/connection.ts'
import { tenantGrants, type Migration } from '../owner/migrations.ts'
import type { ProvisionContext } from '../owner/provision.ts'
import { recordName } from './catalogue.ts'
import { addPeople } from './people.ts'
import { dropIndexes, emptyTables, openPlace, publishPlace } from './place.ts'
import { recordOn, recordTable, stageRecord, takeOverRecord, type TakenOver } from './record.ts'
import type { Arrival, ArrivingTable, Restored } from './types.ts'

/**
 * Makes an establishment of what `arriving` brings, in one transaction: before its end nobody sees anything of it, and
 * a process that is killed leaves nothing. All DDL is that of our own migrations; names are looked up in what they made.
 * @param arriving the tables in the order of `arrival.tables`; what it throws ends the whole
 * @throws BackupRefused live, taken, migrations, content
 */
export async function writeEstablishment(
  pool: OwnerPool,
  context: ProvisionContext,
  arrival: Arrival,
  arriving: AsyncIterable<ArrivingTable>,
  newName: () => string,
): Promise<Restored> {
  const { migrations } = context
  const version = knownVersion(arrival, migrations)
  let restored: Restored | undefined
  const all = pool.transaction(async (session) => {
    await session.run(plainForms)
    const place = await openPlace(session, arrival, newName)
    await migrate(session, migrations.slice(0, version), place.schema)
    const known = await emptyTables(session, place.schema)
    const columns = lookUp(arrival, known)
    await session.run(stageRecord(columns.get(recordName) ?? []))
    const indexes = await dropIndexes(session, place.schema)
    const rows = await fill(session, columns, arriving)
    await asContent(session.run(`set local maintenance_work_mem = '128MB'; ${indexes.join(';\n')}`))
    const record = await takeOverRecord(session, place.schema, columns.get(recordName) ?? [])
    await migrate(session, migrations.slice(version), place.schema)
    await session.run(`analyze ${[...known.keys()].map(ident).join(', ')}`)
    await publishPlace(session, place, arrival.establishment, context)
    if (place.isNew) await keepProof(session, place.schema, arrival, columns.get(recordName) ?? [], record)
    const people = place.isNew ? await addPeople(session, place, arrival) : []
    await recordOn(session, place.schema, {
      action: 'establishment.restore',
      resource: 'establishment',
      resourceId: place.slug,
      actor: arrival.actor,
      detail: { ...arrival.detail, rows, entries: record.entries },
    })
    restored = { id: place.id, slug: place.slug, rows, entries: record.entries, people, kept: place.kept }
    if (arrival.isTrial) throw new TakenBack()
  })
  await all.catch((error: unknown) => {
    if (!(error instanceof TakenBack)) throw error
  })
  if (!restored) throw new Error('unreachable')
  return restored
}

class TakenBack extends Error {}

/** The version of the file's schema, when its migrations are the first of ours. @throws BackupRefused newer, migrations */
export function knownVersion({ migrations: theirs }: Pick<Arrival, 'migrations'>, ours: Migration[]): number {
  if (theirs.length > ours.length) throw new BackupRefused('newer')
  const isSame = theirs.every(
    ({ version, checksum }, index) => ours[index]?.version === version && ours[index].checksum === checksum,
  )
  if (!isSame || theirs.length === 0) throw new BackupRefused('migrations')
  return theirs.length
}

async function migrate(session: OwnerSession, migrations: Migration[], schema: string): Promise<void> {
  if (migrations.length === 0) return
  await session.run(migrations.map(({ sql }) => `${sql}\n${tenantGrants(sql, ident(schema))}`).join('\n'))
}

/** The file's tables with their columns in the file's order: exactly those that our migrations made. @throws BackupRefused content */
function lookUp({ tables }: Arrival, known: Map<string, Set<string>>): Map<string, string[]> {
  const expected = new Map([...known, [recordName, new Set(recordTable.columns)] as const])
  const found = new Map(tables.map(({ name, columns }) => [name, columns]))
  const fits = (name: string, columns: Set<string>): boolean => {
    const given = found.get(name)
    return (
      given?.length === columns.size && new Set(given).size === columns.size && given.every((one) => columns.has(one))
    )
  }
  if (tables.length !== expected.size || found.size !== expected.size) throw new BackupRefused('content')
  for (const [name, columns] of expected) if (!fits(name, columns)) throw new BackupRefused('content')
  return found
}

async function fill(
  session: OwnerSession,
  columns: Map<string, string[]>,
  arriving: AsyncIterable<ArrivingTable>,
): Promise<number> {
  let rows = 0
  for await (const { name, data } of arriving) {
    const list = columns.get(name)
    if (!list) throw new BackupRefused('content')
    rows += await asContent(session.copyIn(`copy ${ident(name)} (${list.map(ident).join(', ')}) from stdin`, data))
  }
  return rows
}

/** Rows that no table of ours takes, class 22 (data) and 23 (constraints), are the file's fault. @throws BackupRefused content */
async function asContent<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (/^2[23]/.test(sqlState(error) ?? '')) throw new BackupRefused('content', { cause: error })
    throw error
  }
}

/** Not of an establishment that comes back to its own place: its record was never away, and at most a part of the file's is new. */
async function keepProof(
  session: OwnerSession,
  schema: string,
  { proof }: Arrival,
  columns: string[],
  { entries, first, last }: TakenOver,
): Promise<void> {
  if (entries === 0) return
  await session.query(
    `insert into sis_audit.restored (id, tenant, installation, public_key, statement, signature, columns, first_seq, last_seq)
     values (gen_random_uuid(), $1, $2, $3, $4, $5, $6, $7, $8)`,
    [schema, proof.installation, proof.publicKey, proof.statement, proof.signature, columns, first, last],
  )
}
