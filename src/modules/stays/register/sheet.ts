import type { Tenant, TenantDb } from '#tenancy'
import {
  column,
  EXPORT_PAGE,
  patientColumns,
  sharedHeading,
  withContacts,
  type Contact,
  type SheetColumn,
} from '../../exchange/index.ts'
import type { Viewer } from '../../patients/index.ts'
import { walkStays } from '../list.ts'
import type { Condition, Stay, StayFilters } from '../schemas.ts'
import { headingOf } from './headings.ts'
import { timeText, writeMovement, type WrittenMovement } from './movements.ts'
import { conditionWords, modeWords } from './words.ts'

export type StayLine = Stay & { contact: Contact | undefined; condition: Condition; places: WrittenMovement[] }

/** All stays of a filtered list with their places and how their patients are reached, in pages. */
export async function* walkStayLines(
  read: Tenant['read'],
  viewer: Viewer,
  filters: StayFilters,
): AsyncGenerator<StayLine[]> {
  for await (const page of walkStays(read, viewer, filters, EXPORT_PAGE))
    yield read(async (db) => {
      const ids = page.map(({ id }) => id)
      const [places, conditions] = [await placesOf(db, ids), await conditionsOf(db, ids)]
      return (await withContacts(db, viewer, page)).map((stay) => ({
        ...stay,
        places: places.get(stay.id) ?? [],
        condition: conditions.get(stay.id) ?? 'stable',
      }))
    })
}

async function placesOf(db: TenantDb, stays: readonly string[]): Promise<Map<string, WrittenMovement[]>> {
  const rows = await db
    .selectFrom('stay_place')
    .innerJoin('service', 'service.id', 'stay_place.service_id')
    .leftJoin('bed', 'bed.id', 'stay_place.bed_id')
    .select(['stay_place.stay_id', 'stay_place.from_at', 'service.name as service', 'bed.code as bed'])
    .where('stay_place.stay_id', 'in', [...stays])
    .orderBy('stay_place.from_at')
    .execute()
  const places = new Map<string, WrittenMovement[]>()
  for (const { stay_id, from_at, service, bed } of rows) {
    const place = { at: from_at, service, bed }
    const others = places.get(stay_id)
    if (others) others.push(place)
    else places.set(stay_id, [place])
  }
  return places
}

/** Of a discharged patient the last one before, which a stay's own status does not say. */
async function conditionsOf(db: TenantDb, stays: readonly string[]): Promise<Map<string, Condition>> {
  const rows = await db
    .selectFrom('stay')
    .select(['id', 'status'])
    .where('id', 'in', [...stays])
    .execute()
  return new Map(rows.map(({ id, status }) => [id, status as Condition]))
}

const day = (at: string | null) => at && { day: at.slice(0, 10) }

// The headings of a ward's book: the file can be imported elsewhere as it is.
export const staySheet: SheetColumn<StayLine>[] = [
  column(headingOf('admitted'), 12, ({ admittedAt }) => day(admittedAt)),
  column(headingOf('admittedTime'), 9, ({ admittedAt }) => timeText(admittedAt)),
  ...patientColumns<StayLine>(({ admittedAt }) => admittedAt.slice(0, 10)),
  column(sharedHeading('service'), 20, ({ places, service }) => places[0]?.service ?? service.name),
  column(headingOf('bed'), 10, ({ places: [first], bed }) => (first ? first.bed : bed?.code)),
  column(headingOf('attending'), 20, ({ attendingName }) => attendingName),
  column(headingOf('reason'), 24, ({ reason }) => reason),
  column(headingOf('diagnosis'), 30, ({ diagnosis }) => diagnosis),
  column(headingOf('codes'), 10, ({ codes }) => codes.map(({ code }) => code).join(', ')),
  column(headingOf('condition'), 14, ({ condition }) => conditionWords[condition]),
  column(headingOf('movements'), 30, ({ places: [, ...moves] }) => moves.map(writeMovement).join(' | ')),
  column(headingOf('discharged'), 12, ({ dischargedAt }) => day(dischargedAt)),
  column(headingOf('dischargedTime'), 9, ({ dischargedAt }) => dischargedAt && timeText(dischargedAt)),
  column(headingOf('dischargeMode'), 20, ({ dischargeMode }) => dischargeMode && modeWords[dischargeMode]),
  column(headingOf('finalDiagnosis'), 30, ({ finalDiagnosis }) => finalDiagnosis),
  column(headingOf('finalCodes'), 10, ({ finalCodes }) => finalCodes.map(({ code }) => code).join(', ')),
  column(headingOf('notes'), 24, ({ notes }) => notes),
  column('Masqué', 8, ({ hidden }) => (hidden ? 'oui' : '')),
  column(sharedHeading('id'), 38, ({ id }) => id),
]
