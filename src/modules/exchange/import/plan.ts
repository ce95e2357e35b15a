import { setImmediate } from 'node:timers/promises'
import type { Tenant, TenantDb } from '#tenancy'
import { today } from '../../../shared/clock.ts'
import { newId } from '../../../shared/ids.ts'
import { judgeNew, type JudgedVisit } from '../../consultations/index.ts'
import type { KnownCode } from '../../icd10/index.ts'
import { birthRange, nameKey, type TidyPatient, type Viewer } from '../../patients/index.ts'
import type { Note } from '../reading/visit.ts'
import { alreadyOtherwise, withoutRepeats, type Duplicate, type Line } from './duplicates.ts'
import { NearNames } from './names.ts'
import { People, type Recognised } from './people.ts'
import { countStored, findConsultationIds, findStoredLines, walkPersons } from './queries.ts'
import { codesOf, knownCodes, listsOf, placeOf, type Lists } from './references.ts'
import { toRefusal, type Refusal, type Register } from './register.ts'

export type PlannedVisit = { line: Line; recognised: Recognised; visit: JudgedVisit }

/** What is stored of a register, and what is told of it. */
export type Plan = {
  visits: PlannedVisit[]
  patients: TidyPatient[]
  refused: Refusal[]
  duplicates: (Omit<Duplicate, 'sameAs'> & { sameAs: number | null })[]
  warnings: Note[]
  created: Lists['created']
  /** How many registers were stored when it was made. */
  after: number
}

/**
 * What would be stored of a register by what the establishment has now. No connection is held while it is thought about;
 * whoever stores it asks first whether it still holds.
 * @param viewer whose patients the register is compared with
 */
export async function planOf(tenant: Tenant, viewer: Viewer, register: Register): Promise<Plan> {
  const { lines, duplicates, warnings } = withoutRepeats(register.visits)
  const plan: Plan = {
    visits: [],
    patients: [],
    refused: [...register.refused],
    duplicates,
    warnings: [...register.warnings, ...warnings],
    created: [],
    after: 0,
  }
  const known = await tenant.read((db) => readKnown(db, viewer, lines, plan))
  plan.created = known.lists.created
  const day = today()
  const breathe = breather()
  for (const line of known.lines) {
    await breathe()
    planLine(plan, line, known, day)
  }
  for (const list of [plan.refused, plan.duplicates, plan.warnings]) list.sort((a, b) => a.line - b.line)
  return plan
}

type Known = { lines: Line[]; lists: Lists; codes: ReadonlyMap<string, KnownCode>; people: People }

async function readKnown(db: TenantDb, viewer: Viewer, given: readonly Line[], plan: Plan): Promise<Known> {
  plan.after = await countStored(db)
  const lines = await newLines(db, viewer, given, plan)
  const visits = lines.map(({ visit }) => visit)
  const lists = await listsOf(db, visits)
  const codes = await knownCodes(db, visits)
  return { lines, lists, codes, people: await peopleAround(db, viewer, lines) }
}

function planLine(plan: Plan, line: Line, { lists, codes: known, people }: Known, day: string): void {
  const { visit } = line
  const { codes, warnings } = codesOf(visit, known)
  const { warnings: others, ...place } = placeOf(visit, lists)
  const { fields, errors } = judgeNew(
    { ...visit.content, ...place, patientId: '', date: visit.date, codes },
    { today: day, bornFrom: birthRange(visit.person.birth)[0], known },
  )
  if (errors.length > 0) {
    const notes = errors.map(({ message }) => ({ line: visit.line, column: null, message }))
    plan.refused.push(toRefusal(visit.cells, notes))
    return
  }
  plan.warnings.push(...warnings, ...others)
  const recognised = people.recognise(visit.person, visit.date, visit.line, newId)
  const patientId = recognised.known.id
  if (recognised.isNew) plan.patients.push({ id: patientId, fields: visit.person })
  plan.visits.push({ line, recognised, visit: { id: newId(), fields: { ...fields, patientId } } })
}

// Matching is work for the processor.
const atOnceMs = 15

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
async function newLines(db: TenantDb, viewer: Viewer, lines: readonly Line[], plan: Plan): Promise<Line[]> {
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
