import { setImmediate } from 'node:timers/promises'
import { v7 as uuidv7 } from 'uuid'
import type { Tenant, TenantDb } from '#tenancy'
import { audit } from '../../../platform/audit/index.ts'
import type { Actor } from '../../../platform/http/index.ts'
import { today } from '../../../shared/clock.ts'
import { insertConsultations, judgeNew, type Insertion } from '../../consultations/index.ts'
import { birthRange, insertPatients, nameKey, nobodyLooks, type NewPatient, type Viewer } from '../../patients/index.ts'
import type { Note } from '../reading/visit.ts'
import { alreadyOtherwise, withoutRepeats, type Duplicate, type Line } from './duplicates.ts'
import { NearNames } from './names.ts'
import { People, type Recognised } from './people.ts'
import {
  batches,
  enterGate,
  findConsultationIds,
  findStored,
  findStoredLines,
  forgetDryRuns,
  insertLines,
  insertRun,
  walkPersons,
  type Run,
} from './queries.ts'
import { codesOf, knownCodes, listsOf, placeOf } from './references.ts'
import { toRefusal, type Progress, type Refusal, type Register } from './register.ts'
import { MAX_LISTED, type StoredReport } from './report.ts'

export type Stored = { run: Run; alreadyImported: boolean }

/**
 * Stores a register with all that belongs to it in one transaction, or shows what would be stored. The same file again
 * stores nothing and gives the report of then.
 * @param progress told how many lines are stored, of how many
 * @throws import_running while another register of the establishment is being stored
 */
export const storeRegister = (
  tenant: Tenant,
  actor: Actor,
  register: Register,
  dryRun: boolean,
  progress: Progress = () => {},
): Promise<Stored> =>
  tenant.transaction(async (db) => {
    if (!dryRun) {
      const before = await findStored(db, register.hash)
      if (before) return { run: before, alreadyImported: true }
      await enterGate(db)
      // Another process may have stored it while this one waited for a connection.
      const meanwhile = await findStored(db, register.hash)
      if (meanwhile) return { run: meanwhile, alreadyImported: true }
    }
    await forgetDryRuns(db)
    const plan = await planOf(db, actor, register, dryRun)
    if (!dryRun) await insertRecords(db, actor, plan, progress)
    const id = uuidv7()
    const run = await insertRun(db, actor, {
      id,
      hash: register.hash,
      fileName: register.name,
      dryRun,
      report: reportOf(register, plan, dryRun),
      header: register.header.headings,
      refused: plan.refused,
    })
    if (!dryRun) {
      await insertLines(
        db,
        plan.records.map(({ line, consultation }) => ({
          content_hash: line.fingerprint.content,
          visit_hash: line.fingerprint.visit,
          import_id: id,
          line: line.visit.line,
          consultation_id: consultation.id,
        })),
      )
    }
    await audit(db, actor, { action: dryRun ? 'import.try' : 'import.store', resource: 'import', resourceId: id })
    return { run, alreadyImported: false }
  })

type Record = { line: Line; recognised: Recognised; consultation: Insertion & { id: string } }
type Plan = {
  records: Record[]
  patients: (NewPatient & { id: string })[]
  refused: Refusal[]
  duplicates: (Omit<Duplicate, 'sameAs'> & { sameAs: number | null })[]
  warnings: Note[]
  created: StoredReport['created']
}

async function planOf(db: TenantDb, actor: Actor, register: Register, dryRun: boolean): Promise<Plan> {
  const plan: Plan = {
    records: [],
    patients: [],
    refused: [...register.refused],
    duplicates: [],
    warnings: [...register.warnings],
    created: { services: [], specialties: [] },
  }
  // What is stored is compared with everybody, so that nobody gets a second, open file. A try leaves nothing behind:
  // whoever guessed thousands of lines would learn of protected files, were it not compared with what they see anyway.
  const viewer = dryRun ? actor : nobodyLooks
  const lines = await newLines(db, viewer, register, plan)
  const visits = lines.map(({ visit }) => visit)
  const lists = await listsOf(db, actor, visits, dryRun)
  plan.created = lists.created
  const known = await knownCodes(db, visits)
  const people = await peopleAround(db, viewer, lines)
  const day = today()
  const breathe = breather()
  let heardAt = performance.now()
  for (const line of lines) {
    await breathe()
    if (performance.now() - heardAt > heardEveryMs) {
      await findStored(db, register.hash)
      heardAt = performance.now()
    }
    const { visit } = line
    const { codes, warnings } = codesOf(visit, known)
    const { warnings: others, ...place } = placeOf(visit, lists)
    const given = { ...visit.content, ...place, date: visit.date, codes }
    const { errors } = judgeNew(
      { ...given, patientId: '' },
      { today: day, bornFrom: birthRange(visit.person.birth)[0], known },
    )
    if (errors.length > 0) {
      plan.refused.push(
        toRefusal(
          visit.cells,
          errors.map(({ message }) => ({ line: visit.line, column: null, message })),
        ),
      )
      continue
    }
    plan.warnings.push(...warnings, ...others)
    const recognised = people.recognise(visit.person, visit.date, visit.line, uuidv7)
    const patientId = recognised.known.id
    if (recognised.isNew) plan.patients.push({ ...visit.person, id: patientId })
    plan.records.push({ line, recognised, consultation: { ...given, id: uuidv7(), patientId } })
  }
  for (const list of [plan.refused, plan.duplicates, plan.warnings]) list.sort((a, b) => a.line - b.line)
  return plan
}

// Matching is work for the processor. PostgreSQL hears of the transaction before it takes it for forgotten (20 s).
const [atOnceMs, heardEveryMs] = [15, 5_000]

/** Serves others between two pieces of work. By time: a line takes the longer the more people have names near to its own. */
function breather(): () => Promise<void> {
  let since = performance.now()
  return async () => {
    if (performance.now() - since < atOnceMs) return
    await setImmediate()
    since = performance.now()
  }
}

/** The lines that say something new; the others are told in the plan. */
async function newLines(db: TenantDb, viewer: Viewer, register: Register, plan: Plan): Promise<Line[]> {
  const { lines, duplicates, warnings } = withoutRepeats(register.visits)
  plan.duplicates.push(...duplicates)
  plan.warnings.push(...warnings)
  const exported = await findConsultationIds(
    db,
    lines.flatMap(({ visit }) => visit.exportedId ?? []),
  )
  const stored = await findStoredLines(
    db,
    viewer,
    lines.map(({ fingerprint }) => fingerprint.content),
    lines.flatMap(({ fingerprint }) => fingerprint.visit ?? []),
  )
  return lines.filter(({ visit, fingerprint }) => {
    if (stored.contents.has(fingerprint.content) || exported.has(visit.exportedId ?? '')) {
      plan.duplicates.push({ line: visit.line, sameAs: null })
      return false
    }
    if (fingerprint.visit === null || !stored.visits.has(fingerprint.visit)) return true
    plan.refused.push({ line: visit.line, column: null, message: alreadyOtherwise, cells: visit.cells })
    return false
  })
}

/** Everybody on file whose names are near to one of the register's, or who has the same card. */
async function peopleAround(db: TenantDb, viewer: Viewer, lines: readonly Line[]): Promise<People> {
  const names = new NearNames()
  const cards = new Set<string>()
  for (const { visit } of lines) {
    names.add(nameKey(visit.person.familyName))
    names.add(nameKey(visit.person.givenName))
    for (const card of [visit.person.nina, visit.person.amoNumber]) if (card) cards.add(card)
  }
  const people = new People()
  const isNear = (name: string): boolean => names.of(nameKey(name)).length > 0
  const breathe = breather()
  for await (const page of walkPersons(db, viewer)) {
    for (const known of page) {
      await breathe()
      const { familyName, givenName, nina, amoNumber } = known.person
      if ((isNear(familyName) && isNear(givenName)) || cards.has(nina ?? '') || cards.has(amoNumber ?? ''))
        people.add(known)
    }
  }
  return people
}

// File numbers are taken last and at once: until the commit nobody else of the establishment can open a file.
async function insertRecords(db: TenantDb, actor: Actor, plan: Plan, progress: Progress): Promise<void> {
  const of = plan.records.length
  progress(0, of)
  await insertPatients(db, actor, plan.patients, 'import')
  let done = 0
  for (const batch of batches(plan.records, 400)) {
    await insertConsultations(
      db,
      actor,
      batch.map(({ consultation }) => consultation),
      'import',
    )
    progress((done += batch.length), of)
  }
}

function reportOf(register: Register, plan: Plan, dryRun: boolean): StoredReport {
  const proposed = plan.records.filter(({ recognised }) => recognised.proposal)
  return {
    lines: register.lines,
    stored: { patients: plan.patients.length, consultations: plan.records.length },
    matchedPatients: plan.records.length - plan.patients.length,
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
    created: plan.created,
  }
}
