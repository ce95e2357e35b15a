import { setImmediate } from 'node:timers/promises'
import type { Establishment, Tenant, TenantDb } from '#tenancy'
import { today } from '../../../shared/clock.ts'
import { newId } from '../../../shared/ids.ts'
import { text, type Text } from '../../../shared/text.ts'
import { nameKey, protectedFrom, sameWrittenName, type TidyPatient, type Viewer } from '../../patients/index.ts'
import type { Created, Entry, Planned, RegisterOf } from '../declaration.ts'
import type { Note } from '../reading/line.ts'
import { withoutRepeats, type Duplicate, type Line } from './duplicates.ts'
import { NearNames } from './names.ts'
import { People, type Recognised } from './people.ts'
import { findFiles, walkPersons } from './persons.ts'
import { countStored, findIds, findStoredLines } from './queries.ts'
import { toRefusal, type Refusal, type Register } from './register.ts'

export type PlannedLine = { line: Line; recognised: Recognised; planned: Planned<unknown> }

/** What is stored of a register, and what is told of it. */
export type Plan = {
  register: RegisterOf
  lines: PlannedLine[]
  patients: TidyPatient[]
  refused: Refusal[]
  duplicates: (Omit<Duplicate, 'sameAs'> & { sameAs: number | null })[]
  warnings: Note[]
  created: Created[]
  /** Patients on file of whom a refusal tells something that is stored. */
  met: string[]
  /** How many registers were stored when it was made. */
  after: number
}

/**
 * What would be stored of a register by what the establishment has now. No connection is held while it is thought about;
 * whoever stores it asks first whether it still holds.
 * @param viewer whose patients the register is compared with
 * @param asker who sends it: a file's number alone finds those whom they may see
 */
export async function planOf(tenant: Tenant, viewer: Viewer, asker: Viewer, file: Register): Promise<Plan> {
  const { register } = file
  const { lines, duplicates, warnings } = withoutRepeats(register, file.entries)
  const plan: Plan = {
    register,
    lines: [],
    patients: [],
    refused: [...file.refused],
    duplicates,
    warnings: [...file.warnings, ...warnings],
    created: [],
    met: [],
    after: 0,
  }
  const known = await tenant.read((db) =>
    readKnown(db, { viewer, asker, establishment: tenant.establishment }, lines, plan),
  )
  plan.created = known.of.created
  const day = today()
  const breathe = breather()
  for (const line of known.lines) {
    await breathe()
    planLine(plan, line, known, day)
  }
  for (const list of [plan.refused, plan.duplicates, plan.warnings]) list.sort((a, b) => a.line - b.line)
  return plan
}

type Known = {
  lines: Line[]
  of: { created: Created[] }
  people: People
  /** Lines stored already, and files, that are not open to the sender: no word is said of what stands there. */
  closed: { lines: ReadonlySet<Line>; files: ReadonlySet<string> }
}

async function readKnown(
  db: TenantDb,
  { viewer, asker, establishment }: { viewer: Viewer; asker: Viewer; establishment: Establishment },
  given: readonly Line[],
  plan: Plan,
): Promise<Known> {
  plan.after = await countStored(db)
  // What is placed is refused for what stands in a file already: that is for those who may open it (docs/decisions/0013).
  const isPlaced = plan.register.place !== undefined
  const { lines, closed } = await newLines(db, viewer, isPlaced ? asker : viewer, given, plan)
  const entries = lines.map(({ entry }) => entry)
  const of = await plan.register.known(db, { viewer, establishment }, entries)
  const files = isPlaced && viewer !== asker ? await protectedFrom(db, asker) : new Set<string>()
  return { lines, of, people: await peopleAround(db, viewer, asker, entries), closed: { lines: closed, files } }
}

function planLine(plan: Plan, line: Line, { of, people, closed }: Known, day: string): void {
  const { entry } = line
  const { register } = plan
  const note = (message: Text) => ({ line: entry.line, column: register.headings['fileNumber']?.[0] ?? null, message })
  const numbered = people.filed(entry.fileNumber)
  const who = entry.person ?? numbered?.person
  if (!who) {
    refuse(plan, entry, [note(noSuchFile)])
    return
  }
  const isTheirs = !entry.person || (numbered && sameWrittenName(numbered.person, entry.person))
  const { record, faults, ...judged } = register.judge(entry, who, of, day)
  if (faults) {
    refuse(plan, entry, faults)
    return
  }
  const recognised = people.recognise(who, entry.date, entry.line, newId, isTheirs ? numbered : undefined)
  const planned = { id: newId(), patientId: recognised.known.id, record }
  const isClosed = closed.lines.has(line) || closed.files.has(planned.patientId)
  const misplaced = register.place?.(planned, entry, of, isClosed ? closedFile(entry) : undefined)
  if (misplaced) {
    if (recognised.known.line === undefined) plan.met.push(planned.patientId)
    refuse(plan, entry, [misplaced])
    return
  }
  if ('warnings' in judged) for (const warning of judged.warnings) plan.warnings.push(warning)
  if (numbered && !isTheirs) plan.warnings.push(note(othersFile))
  if (recognised.isNew) {
    people.add(recognised.known)
    plan.patients.push({ id: planned.patientId, fields: who })
  }
  plan.lines.push({ line, recognised, planned })
}

const refuse = (plan: Plan, { cells }: Entry, faults: readonly Note[]): void =>
  void plan.refused.push(toRefusal(cells, faults))

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

/**
 * The lines that say something new, and `closed` ones; the others are told in the plan.
 * @param told to whom it is told that a line is stored already: those that others stored of a file not open to them are closed
 */
async function newLines(
  db: TenantDb,
  viewer: Viewer,
  told: Viewer,
  lines: readonly Line[],
  plan: Plan,
): Promise<{ lines: Line[]; closed: ReadonlySet<Line> }> {
  const { register } = plan
  const exported = await findIds(
    db,
    register.table,
    lines.flatMap(({ entry }) => entry.exportedId ?? []),
  )
  const storedFor = (one: Viewer) =>
    findStoredLines(
      db,
      one,
      register,
      lines.map(({ fingerprint }) => fingerprint.content),
      lines.flatMap(({ fingerprint }) => fingerprint.event ?? []),
    )
  const stored = await storedFor(viewer)
  const seen = told === viewer ? stored : await storedFor(told)
  const closed = new Set<Line>()
  const isNew = (line: Line): boolean => {
    const { entry, fingerprint } = line
    const isClosed = (kind: keyof typeof stored, hash: string): boolean =>
      stored[kind].has(hash) && !seen[kind].has(hash)
    // What has the identifier of a record is of that record, whatever it says besides.
    const isOurs = exported.has(entry.exportedId ?? '')
    if (!isOurs && (isClosed('contents', fingerprint.content) || isClosed('events', fingerprint.event ?? ''))) {
      closed.add(line)
      return true
    }
    if (isOurs || stored.contents.has(fingerprint.content)) {
      plan.duplicates.push({ line: entry.line, sameAs: null })
      return false
    }
    if (fingerprint.event === null || !stored.events.has(fingerprint.event)) return true
    refuse(plan, entry, [{ line: entry.line, column: null, message: register.alreadyOtherwise }])
    return false
  }
  return { lines: lines.filter(isNew), closed }
}

/** Everybody on file whose names are near to one of the register's, who has the same card, or whose number it gives. */
async function peopleAround(db: TenantDb, viewer: Viewer, asker: Viewer, entries: readonly Entry[]): Promise<People> {
  const names = new NearNames()
  const cards = new Set<string>()
  const numbers = entries.flatMap(({ fileNumber }) => fileNumber ?? [])
  for (const { person } of entries) {
    if (!person) continue
    names.add(nameKey(person.familyName))
    names.add(nameKey(person.givenName))
    for (const card of [person.nina, person.amoNumber]) if (card) cards.add(card)
  }
  const people = new People()
  const isNear = (name: string): boolean => names.of(nameKey(name)).length > 0
  const breathe = breather()
  if (cards.size > 0 || entries.some(({ person }) => person))
    for await (const page of walkPersons(db, viewer)) {
      for (const known of page) {
        await breathe()
        const { familyName, givenName, nina, amoNumber } = known.person
        if ((isNear(familyName) && isNear(givenName)) || cards.has(nina ?? '') || cards.has(amoNumber ?? ''))
          people.add(known)
      }
    }
  for (const known of await findFiles(db, asker, numbers)) people.file(known)
  return people
}

/** The same sentence for each line of a file that the sender may not open, whatever stands in it. */
const closedFile = ({ line }: Entry): Note => ({ line, column: null, message: notOpen })
const notOpen = text(
  'Le dossier de ce patient ne vous est pas ouvert : faites enregistrer cette ligne par l’équipe qui le soigne, ou ouvrez le dossier en urgence avec votre motif.',
  'The file of this patient is not open to you: have this line stored by the team that cares for them, or open the file in an emergency with your reason.',
)
const noSuchFile = text(
  'Aucun dossier ne porte ce numéro : corrigez-le, ou donnez nom, prénom, sexe et âge.',
  'No file has this number: correct it, or give the names, the sex and the age.',
)
const othersFile = text(
  'Ce numéro de dossier est ici celui d’une autre personne : le patient est cherché par son nom.',
  'Here this file number is that of somebody else: the patient is looked for by name.',
)
