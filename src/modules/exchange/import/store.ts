import { v7 as uuidv7 } from 'uuid'
import type { Tenant, TenantDb } from '#tenancy'
import { audit } from '../../../platform/audit/index.ts'
import type { Actor } from '../../../platform/http/index.ts'
import { today } from '../../../shared/clock.ts'
import { Problem, problem } from '../../../shared/errors.ts'
import { storeVisits } from '../../consultations/index.ts'
import {
  nobodyLooks,
  returnFileNumbers,
  storePatients,
  takeFileNumbers,
  type FileNumbers,
} from '../../patients/index.ts'
import { planOf, type Plan, type PlannedVisit } from './plan.ts'
import {
  areOnFile,
  batches,
  countStored,
  enterGate,
  findStored,
  forgetDryRuns,
  insertLines,
  insertRun,
} from './queries.ts'
import type { NewRun, Run, StoredLine } from './queries.ts'
import { storeEntries } from './references.ts'
import type { Progress, Register } from './register.ts'
import { MAX_LISTED, type StoredReport } from './report.ts'

export type Stored = { run: Run; alreadyImported: boolean }

// Another register of the establishment was stored while this one was compared with what was there: compared again.
const MOST_TRIES = 3

/**
 * Stores a register with all that belongs to it in one transaction, or shows what would be stored. The same file again
 * stores nothing and gives the report of then.
 * @param progress told how many lines are stored, of how many
 * @throws import_running while other registers of the establishment are being stored
 */
export async function storeRegister(
  tenant: Tenant,
  actor: Actor,
  register: Register,
  dryRun: boolean,
  progress: Progress = () => {},
): Promise<Stored> {
  if (dryRun) {
    // A try leaves nothing behind: whoever guessed thousands of lines would learn of protected files, were it not compared
    // with what they see anyway.
    const plan = await planOf(tenant, actor, register)
    return tenant.transaction(async (db) => ({
      run: await insertReport(db, actor, toRun(register, plan, true)),
      alreadyImported: false,
    }))
  }
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const before = await tenant.read((db) => findStored(db, register.hash))
    if (before) return { run: before, alreadyImported: true }
    // What is stored is compared with everybody, so that nobody gets a second, open file.
    const plan = await planOf(tenant, nobodyLooks, register)
    const stored = await withFileNumbers(tenant, plan.patients.length, (numbers) =>
      tenant.transaction((db) => storePlan(db, actor, register, plan, numbers, progress)),
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
  actor: Actor,
  register: Register,
  plan: Plan,
  numbers: FileNumbers,
  progress: Progress,
): Promise<Stored | undefined> {
  // Its answer is awaited: nothing of another one that holds the gate is seen before.
  await enterGate(db)
  // Another process may have stored it while this one thought about it.
  const meanwhile = await findStored(db, register.hash)
  if (meanwhile) return { run: meanwhile, alreadyImported: true }
  const created = new Set(plan.patients.map(({ id }) => id))
  const matched = new Set(plan.visits.map(({ visit }) => visit.fields.patientId).filter((id) => !created.has(id)))
  if ((await countStored(db)) !== plan.after || !(await areOnFile(db, [...matched]))) return undefined
  const report = toRun(register, plan, false)
  await storeRecords(db, actor, plan, numbers, progress)
  const run = await insertReport(db, actor, report)
  for (const visits of batches(plan.visits)) await insertLines(db, report.id, visits.map(toLine))
  return { run, alreadyImported: false }
}

// The next batch is made and sent while PostgreSQL stores this one.
const BATCH = 1_000

async function storeRecords(
  db: TenantDb,
  actor: Actor,
  plan: Plan,
  numbers: FileNumbers,
  progress: Progress,
): Promise<void> {
  const of = plan.visits.length
  progress(0, of)
  const ids = await storeEntries(db, actor, plan.created)
  function* sent(): Generator<Promise<void>> {
    let { first } = numbers
    for (const patients of batches(plan.patients, BATCH)) {
      yield storePatients(db, actor, patients, { year: numbers.year, first })
      first += patients.length
    }
    let done = 0
    for (const visits of batches(plan.visits, BATCH)) {
      const placed = visits.map((planned) => inPlace(planned, ids))
      yield storeVisits(db, actor, placed).then(() => progress((done += visits.length), of))
    }
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

const toLine = ({ line: { visit, fingerprint }, visit: { id } }: PlannedVisit): StoredLine => ({
  content_hash: fingerprint.content,
  visit_hash: fingerprint.visit,
  line: visit.line,
  consultation_id: id,
})

const inPlace = ({ visit: { id, fields } }: PlannedVisit, ids: ReadonlyMap<string, string>): PlannedVisit['visit'] => ({
  id,
  fields: {
    ...fields,
    serviceId: ids.get(fields.serviceId ?? '') ?? fields.serviceId,
    specialtyId: ids.get(fields.specialtyId ?? '') ?? fields.specialtyId,
  },
})

async function insertReport(db: TenantDb, actor: Actor, run: NewRun): Promise<Run> {
  await forgetDryRuns(db)
  const stored = await insertRun(db, actor, run)
  await audit(db, actor, {
    action: run.dryRun ? 'import.try' : 'import.store',
    resource: 'import',
    resourceId: run.id,
  })
  return stored
}

const toRun = (register: Register, plan: Plan, dryRun: boolean): NewRun => ({
  id: uuidv7(),
  hash: register.hash,
  fileName: register.name,
  dryRun,
  report: reportOf(register, plan, dryRun),
  header: register.header.headings,
  refused: plan.refused,
})

function reportOf(register: Register, plan: Plan, dryRun: boolean): StoredReport {
  const proposed = plan.visits.filter(({ recognised }) => recognised.proposal)
  const createdIn = (list: 'service' | 'specialty') =>
    plan.created.filter((entry) => entry.list === list).map(({ name }) => name)
  return {
    lines: register.lines,
    stored: { patients: plan.patients.length, consultations: plan.visits.length },
    matchedPatients: plan.visits.length - plan.patients.length,
    proposedMatches: proposed.length,
    duplicates: plan.duplicates.length,
    refusedLines: plan.refused.length,
    warningCount: plan.warnings.length,
    warnings: plan.warnings.slice(0, MAX_LISTED),
    proposals: proposed.slice(0, MAX_LISTED).map(({ line, recognised: { known, proposal } }) => ({
      line: line.visit.line,
      patientId: dryRun ? null : known.id,
      candidateId: dryRun && proposal!.known.line !== undefined ? null : proposal!.known.id,
      candidateLine: proposal!.known.line ?? null,
      score: proposal!.score,
    })),
    duplicateLines: plan.duplicates.slice(0, MAX_LISTED),
    created: { services: createdIn('service'), specialties: createdIn('specialty') },
  }
}
