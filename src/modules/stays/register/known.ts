import { v7 as uuidv7 } from 'uuid'
import type { Establishment, TenantDb } from '#tenancy'
import { moduleState } from '../../../platform/modules/index.ts'
import { now } from '../../../shared/clock.ts'
import { text, type Text } from '../../../shared/text.ts'
import { bedKeyOf } from '../../beds/index.ts'
import { knownCodes, listed, type Created, type Listed } from '../../exchange/index.ts'
import type { KnownCode } from '../../icd10/index.ts'
import { isVisible, type Viewer } from '../../patients/index.ts'
import type { Span } from './contend.ts'
import type { StayEntry } from './read.ts'

/** A bed of the establishment, or one that its first book brings. */
export type KnownBed = {
  id: string
  code: string
  serviceId: string
  state: string
  openedOn: string
  closedOn: string | null
  created?: Created
}

/** What lines of a ward's book are judged by. */
export type StayKnown = {
  created: Created[]
  /** Services that the establishment has not: created with the first stay that is stored there. */
  newServices: Created[]
  services: Listed
  beds: WardBeds
  codes: ReadonlyMap<string, KnownCode>
  /** By patient and by bed. */
  taken: Map<string, Span[]>
  shortObservation: boolean
  now: string
}

export async function readKnown(
  db: TenantDb,
  { viewer, establishment }: { viewer: Viewer; establishment: Establishment },
  entries: readonly StayEntry[],
): Promise<StayKnown> {
  const newServices: Created[] = []
  const names = entries.flatMap(({ service, movements }) => [service, ...movements.map((one) => one.service)])
  const since = entries.reduce((first, { course }) => (course.admittedAt < first ? course.admittedAt : first), '9')
  return {
    created: [],
    newServices,
    services: await listed(db, 'services', names, newServices),
    beds: new WardBeds(await bedsOf(db)),
    codes: await knownCodes(
      db,
      entries.flatMap(({ codes, finalCodes }) => [...codes, ...finalCodes]),
    ),
    taken: entries.length > 0 ? await takenSince(db, viewer, since) : new Map(),
    shortObservation: moduleState(establishment, 'stays').mode === 'observation',
    now: now().toISOString(),
  }
}

async function bedsOf(db: TenantDb): Promise<KnownBed[]> {
  const rows = await db
    .selectFrom('bed')
    .innerJoin('bed_opening', 'bed_opening.bed_id', 'bed.id')
    .select(['bed.id', 'bed.code', 'bed.service_id', 'bed.state', 'bed_opening.opened_on', 'bed_opening.closed_on'])
    .orderBy('bed_opening.opened_on')
    .limit(50_000)
    .execute()
  const beds = new Map<string, KnownBed>()
  for (const { id, code, service_id, state, opened_on, closed_on } of rows) {
    const openedOn = beds.get(id)?.openedOn ?? opened_on
    beds.set(id, { id, code, serviceId: service_id, state, openedOn, closedOn: closed_on })
  }
  return [...beds.values()]
}

/** What is stored and was not over at an instant. A bed's times name nobody; a patient's are those of whom `viewer` sees. */
async function takenSince(db: TenantDb, viewer: Viewer, since: string): Promise<Map<string, Span[]>> {
  const taken = new Map<string, Span[]>()
  const stays = await db
    .selectFrom('stay')
    .innerJoin('patient', 'patient.id', 'stay.patient_id')
    .select(['stay.patient_id', 'stay.admitted_at', 'stay.discharged_at'])
    .where((eb) => isVisible(eb, viewer))
    .where('stay.hidden_at', 'is', null)
    .where((eb) => eb.or([eb('stay.discharged_at', 'is', null), eb('stay.discharged_at', '>', since)]))
    .execute()
  for (const { patient_id, admitted_at, discharged_at } of stays)
    take(taken, patient_id, { from: admitted_at, to: discharged_at, line: null })
  const places = await db
    .selectFrom('stay_place')
    .select(['bed_id', 'from_at', 'to_at'])
    .where('bed_id', 'is not', null)
    .where('hidden', '=', false)
    .where((eb) => eb.or([eb('to_at', 'is', null), eb('to_at', '>', since)]))
    .execute()
  for (const { bed_id, from_at, to_at } of places) take(taken, bed_id!, { from: from_at, to: to_at, line: null })
  return taken
}

export function take(taken: Map<string, Span[]>, key: string, span: Span): void {
  const spans = taken.get(key)
  if (spans) spans.push(span)
  else taken.set(key, [span])
}

const MOST_NEW = 1_000
const MOST_TOLD = 12

/**
 * The beds of an establishment. Where a service has none, its first book brings them; later a code that is not known is a
 * slip of the pen, and refused. Books count the beds of each ward from 1, SIS has each code once: the second « 1 » is
 * « Pédiatrie 1 », and found under both.
 */
export class WardBeds {
  readonly #byKey = new Map<string, KnownBed>()
  readonly #equipped = new Map<string, string[]>()
  #added = 0

  constructor(beds: readonly KnownBed[]) {
    for (const bed of beds) {
      this.#byKey.set(bedKeyOf(bed.code), bed)
      const codes = this.#equipped.get(bed.serviceId)
      if (codes) codes.push(bed.code)
      else this.#equipped.set(bed.serviceId, [bed.code])
    }
  }

  /** The bed of a service that a book calls `code`, or why there is none. @param on since when it must be there */
  find(code: string, service: { id: string; name: string }, on: string): { bed: KnownBed } | { fault: Text } {
    const own = `${service.name} ${code}`.slice(0, 30)
    const [plain, long] = [this.#byKey.get(bedKeyOf(code)), this.#byKey.get(bedKeyOf(own))]
    const bed = [plain, long].find((one) => one?.serviceId === service.id)
    if (bed) {
      if (bed.created && on < bed.openedOn) bed.openedOn = bed.created.since = on
      return { bed }
    }
    const codes = this.#equipped.get(service.id)
    if (codes || this.#added >= MOST_NEW) return plain && !long ? { bed: plain } : { fault: unknownBed(codes ?? []) }
    return { bed: this.#add(plain ? own : code, service.id, on) }
  }

  #add(code: string, serviceId: string, on: string): KnownBed {
    this.#added++
    const id = uuidv7()
    const created: Created = { list: 'beds', name: code, id, serviceId, since: on }
    const bed: KnownBed = { id, code, serviceId, state: 'free', openedOn: on, closedOn: null, created }
    this.#byKey.set(bedKeyOf(code), bed)
    return bed
  }
}

const unknownBed = (codes: readonly string[]): Text => {
  const sorted = codes.toSorted((a, b) => a.localeCompare(b, 'fr', { numeric: true }))
  const told = sorted.slice(0, MOST_TOLD).join(', ') + (sorted.length > MOST_TOLD ? '…' : '')
  return text(
    `Lit inconnu dans ce service${told && ` (ses lits : ${told})`} : corrigez le code, ou ajoutez d’abord ce lit.`,
    `Unknown bed in this service${told && ` (its beds: ${told})`}: correct the code, or add this bed first.`,
  )
}
