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
import { planOf, type Plan, type PlannedLine } from './plan.ts'
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
    const plan = await planOf(tenant, actor, actor, register)
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
    const plan = await planOf(tenant, nobodyLooks, actor, register)
    const stored = await withFileNumbers(tenant, plan.patients.length, (numbers) =>
      tenant
        .transaction((db) => storePlan(db, tenant, actor, register, plan, numbers, progress))
        .catch((error: unknown) => {
          if (error instanceof Problem && plan.register.outdatedBy?.includes(error.code)) return undefined
          throw error
        }),
    )
    if (stored) return stored
  }
  throw problem('import_running', { retryAfter: 5 })
}

/** Numbers for so many files, given back when `work` stored none. They are not for a COMMIT of which nobody knows. */
async function withFileNumbers(
  tenant: Tenant,
  count: number,
  work: (numbers: FileNumbers) => Promise<Stored | undefined>,
): Promise<Stored | undefined> {
  const year = Number(today().slice(0, 4))
  if (count === 0) return work({ year, first: 1, count })
  const numbers = await tenant.transaction((db) => takeFileNumbers(db, year, count))
  const giveBack = () => tenant.transaction((db) => returnFileNumbers(db, numbers)).catch(() => {})
  try {
    const stored = await work(numbers)
    if (!stored || stored.alreadyImported) await giveBack()
    return stored
  } catch (error) {
    if (!(error instanceof Problem && error.code === 'outcome_unknown')) await giveBack()
    throw error
  }
}

/** @returns nothing when the plan no longer holds */
async function storePlan(
  db: TenantDb,
  tenant: Tenant,
  actor: Actor,
  register: Register,
  plan: Plan,
  numbers: FileNumbers,
  progress: Progress,
): Promise<Stored | undefined> {
  // Its answer is awaited: nothing of another one that holds the gate is seen before.
  await enterGate(db)
  // It may have been read for a minute: a module that was switched off meanwhile waits at the gate.
  await refuseSwitchedOff(tenant, plan.register.module)
  // Another process may have stored it while this one thought about it.
  const meanwhile = await findStored(db, register.register.name, register.hash)
  if (meanwhile) return { run: meanwhile, alreadyImported: true, met: [] }
  const created = new Set(plan.patients.map(({ id }) => id))
  const matched = new Set(plan.lines.map(({ planned }) => planned.patientId).filter((id) => !created.has(id)))
  if ((await countStored(db)) !== plan.after || !(await areOnFile(db, [...matched]))) return undefined
  const report = toRun(register, plan, false)
  const run = await keepRun(db, actor, report)
  await storeRecords(db, actor, plan, report.id, numbers, progress)
  await tellStored(db, actor, report.id, plan.lines.length)
  return { run, alreadyImported: false, met: plan.met }
}

// The next batch is made and sent while PostgreSQL stores this one.
const BATCH = 1_000

async function storeRecords(
  db: TenantDb,
  actor: Actor,
  plan: Plan,
  importId: string,
  numbers: FileNumbers,
  progress: Progress,
): Promise<void> {
  const { register } = plan
  const column = `${register.table}_id` as const
  const of = plan.lines.length
  progress(0, of)
  const ids = await register.storeCreated(db, actor, plan.created)
  function* sent(): Generator<Promise<void>> {
    let { first } = numbers
    for (const patients of batches(plan.patients, BATCH)) {
      yield storePatients(db, actor, patients, { year: numbers.year, first })
      first += patients.length
    }
    let done = 0
    for (const lines of batches(plan.lines, BATCH)) {
      const records = lines.map(({ planned }) => planned)
      yield register.store(db, actor, records, ids).then(() => progress((done += lines.length), of))
    }
    // A line names its record: the last ones are stored before the first line is sent.
    yield Promise.resolve()
    for (const lines of batches(plan.lines, BATCH))
      yield insertLines(
        db,
        importId,
        lines.map((line) => toLine(line, column)),
      )
  }
  let before: Promise<void> = Promise.resolve()
  for (const sending of sent()) {
    // It fails with the one before it, which is the one that says why.
    sending.catch(() => {})
    await before
    before = sending
  }
  await before
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
