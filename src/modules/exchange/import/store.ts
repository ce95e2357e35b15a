import { ConstantBackoff, handleWhen, retry } from 'cockatiel'
import { v7 as uuidv7 } from 'uuid'
import type { Tenant, TenantDb } from '#tenancy'
import { refuseDisabled, refuseSwitchedOff } from '../../../platform/modules/index.ts'
import type { Actor } from '../../../platform/http/index.ts'
import { today } from '../../../shared/clock.ts'
import { Problem, problem } from '../../../shared/errors.ts'
import {
  nobodyLooks,
  returnFileNumbers,
  storePatients,
  takeFileNumbers,
  type FileNumbers,
} from '../../patients/index.ts'
import { storeList } from './list.ts'
import { planOf, type Part, type Plan, type PlannedLine, type Planning } from './plan.ts'
import { areOnFile, batches, countStored, enterGate, findStored, insertLines } from './queries.ts'
import type { NewRun, StoredLine } from './queries.ts'
import type { RegisterOf } from '../declaration.ts'
import { isList, type List, type Progress, type Register } from './register.ts'
import { createdIn, MAX_LISTED, type StoredReport } from './report.ts'
import { keepRun, tellStored, type Stored } from './run.ts'

// Another register of the establishment was stored while this one was compared with what was there: compared again.
const MOST_TRIES = 3

/**
 * Stores a register with all that belongs to it in one transaction, or shows what would be stored. The same file again
 * stores nothing and gives the report of then.
 * @param progress told how many lines are stored, of how many
 * @throws module_disabled where the establishment keeps no such register; import_running while other registers of the establishment are being stored
 */
export async function storeRegister(
  tenant: Tenant,
  actor: Actor,
  register: Register | List,
  dryRun: boolean,
  progress: Progress = () => {},
): Promise<Stored> {
  refuseDisabled(tenant.establishment, register.register.module)
  if (isList(register)) return storeList(tenant, actor, register, dryRun, progress)
  if (dryRun) {
    // A try leaves nothing behind: whoever guessed thousands of lines would learn of protected files, were it not compared
    // with what they see anyway.
    const plan = await (await planOf(tenant, actor, actor, register)).whole()
    return tenant.transaction(async (db) => ({
      run: await keepRun(db, actor, toRun(register, plan, true)),
      alreadyImported: false,
      met: plan.met,
    }))
  }
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const before = await tenant.read((db) => findStored(db, register.register.name, register.hash))
    if (before) return { run: before, alreadyImported: true, met: [] }
    // What is stored is compared with everybody, so that nobody gets a second, open file.
    const planning = await planOf(tenant, nobodyLooks, actor, register)
    // Which beds a ward's book brings, and since when, is known at its last line.
    if (register.register.place) await planning.whole()
    const stored = await withFileNumbers(tenant, (numbers) =>
      tenant
        .transaction((db) => storePlan(db, tenant, actor, register, planning, numbers, progress))
        .catch((error: unknown) => {
          if (error instanceof Outdated) return undefined
          if (error instanceof Problem && register.register.outdatedBy?.includes(error.code)) return undefined
          throw error
        }),
    )
    if (stored) return stored
  }
  throw problem('import_running', { retryAfter: 5 })
}

/** Ends the transaction of a plan that no longer holds. */
class Outdated extends Error {}

/**
 * Numbers for the files of each part, exactly as many as it needs and once it is planned, given back when `work` stored
 * none. They are not for a COMMIT of which nobody knows.
 */
async function withFileNumbers(
  tenant: Tenant,
  work: (numbersFor: NumbersFor) => Promise<Stored | undefined>,
): Promise<Stored | undefined> {
  const year = Number(today().slice(0, 4))
  const taken = new Map<Part, FileNumbers>()
  const giveBack = () =>
    tenant
      .transaction(async (db) => {
        for (const numbers of [...taken.values()].reverse()) await returnFileNumbers(db, numbers)
      })
      .catch(() => {})
  const take = (count: number) =>
    count === 0 ? { year, first: 1, count } : tenant.transaction((db) => takeFileNumbers(db, year, count))
  try {
    const stored = await work(async (part) => {
      const numbers = taken.get(part) ?? (await patience.execute(() => take(part.patients.length)))
      taken.set(part, numbers)
      return numbers
    })
    if (!stored || stored.alreadyImported) await giveBack()
    return stored
  } catch (error) {
    if (!(error instanceof Problem && error.code === 'outcome_unknown')) await giveBack()
    throw error
  }
}

type NumbersFor = (part: Part) => Promise<FileNumbers>

// Others may hold all other connections for a moment. PostgreSQL ends a transaction that does nothing for 20 s.
const patience = retry(
  handleWhen((error) => error instanceof Problem && error.code === 'busy'),
  { maxAttempts: 3, backoff: new ConstantBackoff(1_000) },
)

// A few thousand are stored by one statement.
const BATCH = 1_000

/** @returns nothing when the plan no longer holds. @throws Outdated when that is seen once a part of it is stored */
async function storePlan(
  db: TenantDb,
  tenant: Tenant,
  actor: Actor,
  register: Register,
  planning: Planning,
  numbersFor: NumbersFor,
  progress: Progress,
): Promise<Stored | undefined> {
  const { plan } = planning
  // Its answer is awaited: nothing of another one that holds the gate is seen before.
  await enterGate(db)
  // It may have been read for a minute: a module that was switched off meanwhile waits at the gate.
  await refuseSwitchedOff(tenant, plan.register.module)
  // Another process may have stored it while this one thought about it.
  const meanwhile = await findStored(db, register.register.name, register.hash)
  if (meanwhile) return { run: meanwhile, alreadyImported: true, met: [] }
  if ((await countStored(db)) !== plan.after) return undefined
  await storeRecords(db, actor, planning, numbersFor, progress)
  // A line names its record and its import, whose report is whole at the last line.
  const report = toRun(register, plan, false)
  const run = await keepRun(db, actor, report)
  const column = `${plan.register.table}_id` as const
  const sending = new Sending()
  for (const lines of batches(plan.lines, BATCH))
    await sending.next(
      insertLines(
        db,
        report.id,
        lines.map((line) => toLine(line, column)),
      ),
    )
  await sending.end()
  await tellStored(db, actor, report.id, plan.lines.length)
  return { run, alreadyImported: false, met: plan.met }
}

/** Stores the parts of a plan as they are made. @throws Outdated */
async function storeRecords(
  db: TenantDb,
  actor: Actor,
  planning: Planning,
  numbersFor: NumbersFor,
  progress: Progress,
): Promise<void> {
  const { plan, count } = planning
  progress(0, count)
  const ids = await plan.register.storeCreated(db, actor, plan.created)
  const sending = new Sending()
  for await (const part of planning.parts()) {
    const { lines, patients, upTo } = part
    const numbers = await numbersFor(part)
    await sending.next(Promise.all([holdMatched(db, lines), storePatients(db, actor, patients, numbers)]))
    const records = lines.map(({ planned }) => planned)
    await sending.next(plan.register.store(db, actor, records, ids).then(() => progress(upTo, count)))
  }
  await sending.end()
}

/** Those of the establishment who are matched keep their file until the end of the transaction. @throws Outdated */
async function holdMatched(db: TenantDb, lines: readonly PlannedLine[]): Promise<void> {
  const matched = lines.filter(({ recognised: { known } }) => known.line === undefined)
  const ids = new Set(matched.map(({ planned }) => planned.patientId))
  if (ids.size > 0 && !(await areOnFile(db, [...ids]))) throw new Outdated()
}

/** What is sent next is made while PostgreSQL stores what was sent before: two are under way at most. */
class Sending {
  #before: Promise<unknown> = Promise.resolve()

  async next(sending: Promise<unknown>): Promise<void> {
    // It fails with the one before it, which is the one that says why.
    sending.catch(() => {})
    await this.#before
    this.#before = sending
  }

  end = (): Promise<unknown> => this.#before
}

const toLine = (
  { line: { entry, fingerprint }, planned: { id } }: PlannedLine,
  column: `${RegisterOf['table']}_id`,
): StoredLine => ({
  content_hash: fingerprint.content,
  visit_hash: fingerprint.event,
  line: entry.line,
  [column]: id,
})

const toRun = (register: Register, plan: Plan, dryRun: boolean): NewRun => ({
  id: uuidv7(),
  register: register.register.name,
  hash: register.hash,
  fileName: register.name,
  dryRun,
  report: reportOf(register, plan, dryRun),
  header: register.header.headings,
  refused: plan.refused,
})

function reportOf(file: Register, plan: Plan, dryRun: boolean): StoredReport {
  const proposed = plan.lines.filter(({ recognised }) => recognised.proposal)
  return {
    lines: file.lines,
    stored: { patients: plan.patients.length, [plan.register.name]: plan.lines.length },
    matchedPatients: plan.lines.length - plan.patients.length,
    proposedMatches: proposed.length,
    duplicates: plan.duplicates.length,
    refusedLines: plan.refused.length,
    warningCount: plan.warnings.length,
    warnings: plan.warnings.slice(0, MAX_LISTED),
    proposals: proposed.slice(0, MAX_LISTED).map(({ line, recognised: { known, proposal } }) => ({
      line: line.entry.line,
      patientId: dryRun ? null : known.id,
      candidateId: dryRun && proposal!.known.line !== undefined ? null : proposal!.known.id,
      candidateLine: proposal!.known.line ?? null,
      score: proposal!.score,
    })),
    duplicateLines: plan.duplicates.slice(0, MAX_LISTED),
    created: createdIn(plan.created),
  }
}
