import { asJson, insertAll, isOneOf, isOneOfTexts, type TenantDb } from '#tenancy'
import type { Actor } from '../../../platform/http/index.ts'
import { now } from '../../../shared/clock.ts'
import { problem } from '../../../shared/errors.ts'
import type { Text } from '../../../shared/text.ts'
import { isVisible, type Viewer } from '../../patients/index.ts'
import type { RegisterOf } from '../declaration.ts'
import type { Refusal } from './register.ts'

// PostgreSQL takes 65,535 values a statement.
export const BATCH = 5_000

export function* batches<T>(items: readonly T[], size = BATCH): Generator<T[]> {
  for (let from = 0; from < items.length; from += size) yield items.slice(from, from + size)
}

/** Holds the establishment's imports until the end of the transaction. @throws import_running */
export async function enterGate(db: TenantDb): Promise<void> {
  const gate = await db
    .selectFrom('import_gate')
    .select('id')
    .where('id', '=', 1)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst()
  if (!gate) throw problem('import_running', { retryAfter: 5 })
}

/** Waits for the register that is being stored, and lets none begin until the end of the transaction. */
export async function waitAtGate(db: TenantDb): Promise<void> {
  await db.selectFrom('import_gate').select('id').where('id', '=', 1).forUpdate().execute()
}

const runColumns = [
  'id',
  'register',
  'file_name',
  'dry_run',
  'report',
  'header',
  'created_at',
  'created_by_id',
  'created_by_name',
] as const

export async function findRun(db: TenantDb, id: string) {
  return db.selectFrom('import_run').select(runColumns).where('id', '=', id).executeTakeFirst()
}

/** The import that stored this very file as this register. */
export async function findStored(db: TenantDb, register: string, hash: string) {
  return db
    .selectFrom('import_run')
    .select(runColumns)
    .where('file_hash', '=', hash)
    .where('register', '=', register)
    .where('dry_run', '=', false)
    .executeTakeFirst()
}

export type Run = NonNullable<Awaited<ReturnType<typeof findRun>>>

export async function getRun(db: TenantDb, id: string): Promise<Run> {
  const run = await findRun(db, id)
  if (!run) throw problem('import_not_found')
  return run
}

export type NewRun = {
  id: string
  register: string
  hash: string
  fileName: string
  dryRun: boolean
  /** As report.ts reads it. */
  report: object
  header: string[]
  refused: readonly Refusal[]
}

export async function insertRun(db: TenantDb, actor: Actor, run: NewRun): Promise<Run> {
  const stored = await db
    .insertInto('import_run')
    .values({
      id: run.id,
      register: run.register,
      file_hash: run.hash,
      file_name: run.fileName,
      dry_run: run.dryRun,
      report: asJson(run.report),
      header: run.header,
      created_by_id: actor.id,
      created_by_name: actor.name.slice(0, 160),
    })
    .returning(runColumns)
    .executeTakeFirstOrThrow()
  for (const refused of batches(run.refused)) {
    await db
      .insertInto('import_refused_line')
      .values(
        refused.map(({ line, column, message, cells }) => ({
          import_id: run.id,
          line,
          column_name: column,
          message: asJson(message),
          cells,
        })),
      )
      .execute()
  }
  return stored
}

export type RefusedLine = { line: number; column_name: string | null; message: Text; cells: string[] }

/** Refused lines in the order of the file. @param after the last line of the page before */
export async function listRefused(
  db: TenantDb,
  importId: string,
  after: number,
  limit: number,
): Promise<RefusedLine[]> {
  const rows = await db
    .selectFrom('import_refused_line')
    .select(['line', 'column_name', 'message', 'cells'])
    .where('import_id', '=', importId)
    .where('line', '>', after)
    .orderBy('line')
    .limit(limit)
    .execute()
  return rows.map((row) => ({ ...row, message: row.message as Text }))
}

/** How long the report of a dry run stays. */
export const DRY_RUN_KEPT_DAYS = 7

/** A dry run holds lines of a register that nobody asked to keep: a week is enough to correct them. */
export async function forgetDryRuns(db: TenantDb): Promise<void> {
  const before = new Date(now().getTime() - DRY_RUN_KEPT_DAYS * 86_400_000).toISOString()
  const old = await db
    .selectFrom('import_run')
    .select('id')
    .where('dry_run', '=', true)
    .where('created_at', '<', before)
    .limit(100)
    .execute()
  if (old.length === 0) return
  const ids = old.map(({ id }) => id)
  await db.deleteFrom('import_refused_line').where('import_id', 'in', ids).execute()
  await db.deleteFrom('import_run').where('id', 'in', ids).execute()
}

/** Which of these contents, and which of these events with whatever content, are stored of patients whom `viewer` sees. */
export async function findStoredLines(
  db: TenantDb,
  viewer: Viewer,
  { table }: RegisterOf,
  contents: readonly string[],
  events: readonly string[],
): Promise<{ contents: Set<string>; events: Set<string> }> {
  const found = { contents: new Set<string>(), events: new Set<string>() }
  for (const batch of batches(contents)) {
    const rows = await storedLines(db, viewer, table)
      .select('content_hash')
      .where((eb) => isOneOfTexts(eb.ref('content_hash'), batch))
      .execute()
    for (const row of rows) found.contents.add(row.content_hash)
  }
  for (const batch of batches(events)) {
    const rows = await storedLines(db, viewer, table)
      .select('visit_hash')
      .distinct()
      .where((eb) => isOneOfTexts(eb.ref('visit_hash').$notNull(), batch))
      .execute()
    for (const { visit_hash } of rows) if (visit_hash !== null) found.events.add(visit_hash)
  }
  return found
}

const storedLines = (db: TenantDb, viewer: Viewer, table: RegisterOf['table']) =>
  db.selectFrom('import_line').$if(!viewer.seesAll, (query) =>
    query.where(`${table}_id`, 'in', (of) =>
      of
        .selectFrom(table)
        .innerJoin('patient', 'patient.id', `${table}.patient_id`)
        .select(`${table}.id`)
        .whereRef(`${table}.id`, '=', `import_line.${table}_id`)
        .where((eb) => isVisible(eb, viewer)),
    ),
  )

/** Which of these ids are records of this kind in this establishment. */
export async function findIds(db: TenantDb, table: RegisterOf['table'], ids: readonly string[]): Promise<Set<string>> {
  const found = new Set<string>()
  for (const batch of batches(ids)) {
    const rows = await db
      .selectFrom(table)
      .select('id')
      .where((eb) => isOneOf(eb.ref('id'), batch))
      .execute()
    for (const { id } of rows) found.add(id)
  }
  return found
}

/** How many registers are stored: another one since means that a plan no longer holds. */
export async function countStored(db: TenantDb): Promise<number> {
  const { count } = await db
    .selectFrom('import_run')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('dry_run', '=', false)
    .executeTakeFirstOrThrow()
  return count
}

/** Whether all these patients can be given a visit; those who can keep their file until the end of the transaction. */
export async function areOnFile(db: TenantDb, ids: readonly string[]): Promise<boolean> {
  for (const batch of batches(ids)) {
    const rows = await db
      .selectFrom('patient')
      .select('id')
      .where((eb) => isOneOf(eb.ref('id'), batch))
      .where('hidden_at', 'is', null)
      .forKeyShare()
      .execute()
    if (rows.length < batch.length) return false
  }
  return true
}

export type StoredLine = { content_hash: string; visit_hash: string | null; line: number } & {
  [C in `${RegisterOf['table']}_id`]?: string
}

export const insertLines = (db: TenantDb, importId: string, lines: readonly StoredLine[]): Promise<void> =>
  insertAll(db, 'import_line', lines, { import_id: importId })

export type ListedEntry = { id: string; name_key: string; active: boolean }

/** An establishment's list, whole. */
export const allEntries = (db: TenantDb, list: 'service' | 'specialty'): Promise<ListedEntry[]> =>
  // Both tables have these columns; the builder cannot type a union of tables.
  db
    .selectFrom(list as 'service')
    .select(['id', 'name_key', 'active'])
    .limit(10_000)
    .execute()
