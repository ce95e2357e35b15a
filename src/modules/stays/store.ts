import { constraintOf, type TenantDb } from '#tenancy'
import { audit } from '../../platform/audit/index.ts'
import type { Actor } from '../../platform/http/index.ts'
import { now } from '../../shared/clock.ts'
import { invalidInput, problem, type ErrorCode, type FieldError } from '../../shared/errors.ts'
import { lockBeds, useBeds } from '../beds/index.ts'
import { addVersion, type NewVersion } from '../history/index.ts'
import { stayColumns, toColumns, toStayVersion, type StayRow } from './record.ts'
import { readReferences } from './references.ts'
import type { Place, StayFields } from './rules/fields.ts'
import { placeErrors } from './rules/places.ts'

// Who writes about stays takes locks in one order – stay, patient, services, beds by their ids –, so that two never wait for
// each other: PostgreSQL would notice after a second and end one of them, while an exclusion constraint alone lets two that
// swap beds wait so. That nobody gets a bed or a patient twice is for the constraints alone; nothing here looks first.

const refusals: Record<string, ErrorCode> = {
  stay_patient_admitted: 'patient_already_admitted',
  stay_place_bed_taken: 'bed_taken',
  stay_consultation_admitted: 'consultation_already_admitted',
}

/** What the database refuses, in the caller's words. */
export async function refusing<T>(write: Promise<T>): Promise<T> {
  try {
    return await write
  } catch (error) {
    const code = refusals[constraintOf(error) ?? '']
    throw code === undefined ? error : problem(code)
  }
}

/** Services and beds as they are until the end of the transaction: none is closed meanwhile. */
export async function holdPlaces(db: TenantDb, places: readonly Pick<Place, 'serviceId' | 'bedId'>[]): Promise<void> {
  const services = [...new Set(places.map(({ serviceId }) => serviceId))]
  await db.selectFrom('service').select('id').where('id', 'in', services).orderBy('id').forShare().execute()
  await lockBeds(
    db,
    places.flatMap(({ bedId }) => bedId ?? []),
  )
}

/**
 * Judges the places that are new, elsewhere or longer.
 * @throws invalid_input; bed_unavailable: the bed is closed or out of order
 */
export async function assertPlaces(
  db: TenantDb,
  before: readonly Place[],
  after: readonly Place[],
  errors: readonly FieldError[],
): Promise<void> {
  const { known } = await readReferences(db, [{ places: after }])
  const judged = after.flatMap((place) => {
    const old = before.find(({ id }) => id === place.id)
    if (old && isWithin(old, place)) return []
    return [placeErrors(place, known, old)]
  })
  const wrong = [...errors, ...judged.flatMap((one) => one.wrong)]
  if (wrong.length > 0) throw invalidInput(...wrong)
  const unavailable = judged.flatMap((one) => one.unavailable)
  if (unavailable.length > 0) throw problem('bed_unavailable', { errors: unavailable })
}

/** In the same bed of the same service and no longer: whoever leaves a bed needs none that is open. */
const isWithin = (old: Place, place: Place): boolean =>
  old.serviceId === place.serviceId &&
  old.bedId === place.bedId &&
  old.from <= place.from &&
  (old.to === null || (place.to !== null && place.to <= old.to))

const placeRow = (actor: Actor, stayId: string, { id, serviceId, bedId, from, to, reason }: Place) => ({
  id,
  stay_id: stayId,
  service_id: serviceId,
  bed_id: bedId,
  from_at: from,
  to_at: to,
  reason,
  by_id: actor.id,
  by_name: actor.name.slice(0, 160),
})

/**
 * Stores what changed of the places: those that are no more go, those that are new come, the others keep who entered them.
 * Shortened before lengthened, so that no two of one stay are ever in one bed at once.
 * @throws bed_taken
 */
export async function storePlaces(
  db: TenantDb,
  actor: Actor,
  stayId: string,
  before: readonly Place[],
  after: readonly Place[],
): Promise<void> {
  const gone = before.filter(({ id }) => !after.some((place) => place.id === id))
  const changed = after.filter((place) => {
    const old = before.find(({ id }) => id === place.id)
    return old !== undefined && JSON.stringify(old) !== JSON.stringify(place)
  })
  // A place that was corrected is written anew under its id: between two updates its neighbours would overlap.
  const rewritten = [...gone, ...changed].map(({ id }) => id)
  const entered = new Map<string, { by_id: string | null; by_name: string; at: string }>()
  if (rewritten.length === 1 && gone.length === 0) {
    const [place] = changed
    const { id: _id, stay_id: _stay, by_id: _by, by_name: _name, ...row } = placeRow(actor, stayId, place!)
    await refusing(db.updateTable('stay_place').set(row).where('id', '=', place!.id).execute())
  } else if (rewritten.length > 0) {
    const rows = await db
      .deleteFrom('stay_place')
      .where('id', 'in', rewritten)
      .returning(['id', 'by_id', 'by_name', 'at'])
      .execute()
    for (const { id, ...author } of rows) entered.set(id, author)
  }
  const inserted = after.filter(({ id }) => entered.has(id) || !before.some((place) => place.id === id))
  if (inserted.length > 0)
    await refusing(
      db
        .insertInto('stay_place')
        .values(inserted.map((place) => ({ ...placeRow(actor, stayId, place), ...entered.get(place.id) })))
        .execute(),
    )
  const [was, is] = [before.at(-1), after.at(-1)]
  if (is?.bedId && is.to === null && (is.bedId !== was?.bedId || was.to !== null)) await useBeds(db, actor, [is.bedId])
}

type Change = { action?: NewVersion['action']; verb?: string; reason?: string | null | undefined }

/**
 * Stores a stay as it now is, with its version and its entry on record.
 * @throws patient_already_admitted, bed_taken, consultation_already_admitted
 */
export async function storeChange(
  db: TenantDb,
  actor: Actor,
  row: StayRow,
  before: StayFields,
  after: StayFields,
  { action = 'update', verb = action, reason = null }: Change = {},
): Promise<void> {
  const changed = await refusing(
    db
      .updateTable('stay')
      .set({ ...toColumns(after), version: row.version + 1, updated_at: now().toISOString() })
      .where('id', '=', row.id)
      .returning(stayColumns)
      .executeTakeFirstOrThrow(),
  )
  await storePlaces(db, actor, row.id, before.places, after.places)
  await addVersion(db, actor, {
    resource: 'stay',
    id: row.id,
    version: changed.version,
    action,
    reason,
    data: toStayVersion(row.id, changed.version, after),
  })
  await audit(db, actor, entryOf(row, verb))
}

// Why a stay was corrected or hidden may tell of an illness: that stands in its history only.
export const entryOf = ({ id, patient_id }: Pick<StayRow, 'id' | 'patient_id'>, verb: string) => ({
  action: `stay.${verb}`,
  resource: 'stay',
  resourceId: id,
  patientId: patient_id,
})
