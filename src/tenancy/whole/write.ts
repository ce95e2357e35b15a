import { createHash } from 'node:crypto'
import { BackupRefused } from '../../shared/backup-refused.ts'
import { sqlState } from '../failures.ts'
import { memberOptions } from '../owner/bootstrap.ts'
import { ident, literal, plainForms, type OwnerPool, type OwnerSession } from '../owner/connection.ts'
import { tenantGrants } from '../owner/migrations.ts'
import { createRoleOnce, enterSchema, type ProvisionContext } from '../owner/provision.ts'
import { knownVersion } from '../transfer/write.ts'
import { portableTables } from '../transfer/catalogue.ts'
import { platformTables, type Files } from './plan.ts'
import { copyOf, nameIn } from './read.ts'
import { platformPlace, type ArrivingPart, type WholePlan, type WholeSchema, type WholeTable } from './types.ts'

/** @throws BackupRefused newer, migrations: made by a program that is not this one or an older one */
export function refuseUnknown({ migrations }: Pick<WholePlan, 'migrations'>, files: Files): void {
  knownVersion({ migrations: migrations.platform }, files.platform)
  knownVersion({ migrations: migrations.tenant }, files.tenant)
}

type Options = {
  context: ProvisionContext
  files: Files
  /** Each schema that has come, of how many. */
  onProgress?: (done: number, of: number) => void
}

type Access = Map<string, boolean>

/**
 * Fills a database that has the backup's shared tables and nothing else: these in one transaction, then each establishment
 * in one of its own. Tables are made by our own migrations, names are looked up in what they made; each table is read
 * again and compared with what the backup says of it before its transaction ends.
 * @throws BackupRefused content, differs
 */
export async function writeWhole(
  pool: OwnerPool,
  plan: WholePlan,
  arriving: AsyncIterator<ArrivingPart>,
  { context, files, onProgress }: Options,
): Promise<void> {
  const parts = new Parts(arriving)
  await pool.transaction(async (session) => {
    await begin(session)
    const { tables } = await platformTables(session, files.platform, plan.migrations.platform.length)
    await fill(session, parts, platformPlace, plan.platform, tables)
    // Entries written from now on, until the era is raised, go on where those of the backup ended.
    await session.run(`alter table sis_audit.entry alter column era set default ${Math.trunc(plan.era)}`)
  })
  const access = await accessOf(pool)
  for (const [index, schema] of plan.schemas.entries()) {
    await pool.transaction((session) => writeSchema(session, parts, plan, schema, access, context))
    onProgress?.(index + 1, plan.schemas.length)
  }
  await parts.end()
}

// Half a restore is worth nothing: it need not be on the disk before the whole is.
const begin = (session: OwnerSession): Promise<unknown> =>
  session.run(
    `${plainForms}; set local statement_timeout = 0; set local synchronize_seqscans = off; set local synchronous_commit = off`,
  )

async function accessOf(pool: OwnerPool): Promise<Access> {
  const rows = await pool.transaction((session) =>
    session.query<{ schema: string; granted: boolean }>(
      'select schema_name as schema, access_granted as granted from sis_platform.establishment',
    ),
  )
  return new Map(rows.map(({ schema, granted }) => [schema, granted]))
}

async function writeSchema(
  session: OwnerSession,
  parts: Parts,
  plan: WholePlan,
  { name, version, shape }: WholeSchema,
  access: Access,
  { migrations, apiRole, version: server }: ProvisionContext,
): Promise<void> {
  await begin(session)
  const role = ident(name)
  // What was set aside at a restore belongs to nobody.
  const isKept = !access.has(name)
  if (!isKept) await createRoleOnce(session, name)
  const statements = migrations
    .slice(0, version)
    .map(({ sql }) => (isKept ? sql : `${sql}\n${tenantGrants(sql, role)}`))
    .join('\n')
  await session.run(`create schema ${role}; ${isKept ? `comment on schema ${role} is ${literal(`sis: version ${version}`)}` : `grant usage on schema ${role} to ${role}`};
    ${enterSchema(name)} ${statements}`)
  await fill(session, parts, name, plan.shapes[shape] ?? [], await portableTables(session, name))
  if (access.get(name)) await session.run(`grant ${role} to ${ident(apiRole)}${memberOptions(server)}`)
}

/** Empties the tables of a place, also of what migrations put there, fills them, and compares them with the backup. */
async function fill(
  session: OwnerSession,
  parts: Parts,
  place: string,
  wanted: WholeTable[],
  made: WholeTable[],
): Promise<void> {
  refuseOther(wanted, made)
  if (made.length === 0) return
  await session.run(`truncate ${made.map(({ name }) => nameIn(place, name)).join(', ')} restart identity cascade`)
  const names = wanted.map(({ name }) => nameIn(place, name))
  // The directory's version must be that of the backup, not one more for each row that came. Establishments have no triggers.
  const triggers = (what: 'enable' | 'disable'): Promise<unknown> =>
    session.run(names.map((name) => `alter table ${name} ${what} trigger user`).join('; '))
  if (place === platformPlace) await triggers('disable')
  const filled: string[] = []
  for (const table of wanted)
    if (await fillTable(session, await parts.next(place, table.name), table)) filled.push(nameIn(place, table.name))
  if (place === platformPlace) await triggers('enable')
  await restartNumbers(session, names)
  if (filled.length > 0) await session.run(`analyze ${filled.join(', ')}`)
}

/** Exactly the tables and columns that our migrations made. @throws BackupRefused content */
function refuseOther(wanted: WholeTable[], made: WholeTable[]): void {
  const known = new Map(made.map(({ name, columns }) => [name, new Set(columns)]))
  const isSame =
    wanted.length === known.size &&
    new Set(wanted.map(({ name }) => name)).size === wanted.length &&
    wanted.every(({ name, columns }) => {
      const there = known.get(name)
      return there?.size === columns.length && new Set(columns).size === there.size && columns.every((one) => there.has(one)) // prettier-ignore
    })
  if (!isSame) throw new BackupRefused('content')
}

/** @returns how many rows came */
async function fillTable(session: OwnerSession, part: ArrivingPart, table: WholeTable): Promise<number> {
  try {
    await session.copyIn(copyOf(part.place, table, 'from stdin'), part.data)
  } catch (error) {
    // Rows that no table of ours takes: class 22 (data), 23 (constraints).
    if (/^2[23]/.test(sqlState(error) ?? '')) throw new BackupRefused('content', { cause: error })
    throw error
  }
  const { sha256, rows } = part.digest()
  const hash = createHash('sha256')
  for await (const piece of session.copyOut(copyOf(part.place, table))) hash.update(piece)
  if (hash.digest('hex') !== sha256)
    throw new BackupRefused('differs', { more: [`${part.place}.${part.name} (${rows})`] })
  return rows
}

/** Identities go on after the greatest number that came. */
async function restartNumbers(session: OwnerSession, names: string[]): Promise<void> {
  const columns = await session.query<{ table: string; column: string; sequence: string }>(
    `select attrelid::regclass::text as "table", attname::text as "column",
       pg_get_serial_sequence(attrelid::regclass::text, attname) as sequence from pg_attribute
     where attrelid = any($1::regclass[]) and attnum > 0 and attidentity <> ''`,
    [names],
  )
  for (const { table, column, sequence } of columns)
    await session.query(`select setval($1::regclass, coalesce(max(${ident(column)}), 0) + 1, false) from ${table}`, [sequence]) // prettier-ignore
}

/** The backup's tables, in the very order in which they are wanted. */
class Parts {
  readonly #arriving: AsyncIterator<ArrivingPart>

  constructor(arriving: AsyncIterator<ArrivingPart>) {
    this.#arriving = arriving
  }

  async next(place: string, name: string): Promise<ArrivingPart> {
    const { value, done } = await this.#arriving.next()
    if (done || value.place !== place || value.name !== name) throw new BackupRefused('content')
    return value
  }

  async end(): Promise<void> {
    const { done } = await this.#arriving.next()
    if (!done) throw new BackupRefused('content')
  }
}
