import type { TenantDb } from '#tenancy'
import { EARLIEST_DAY, today } from '../../shared/clock.ts'
import { invalidInput } from '../../shared/errors.ts'
import { text, type Text } from '../../shared/text.ts'
import { isUsedBetween } from './occupied.ts'
import type { BedRow } from './record.ts'

const wrong = (message: Text) => invalidInput({ path: 'openedOn', message })

/** @throws invalid_input for a day on which no bed opens */
export function assertFirstDay(openedOn: string): void {
  if (openedOn > today()) throw wrong(future)
  if (openedOn < EARLIEST_DAY) throw wrong(tooEarly)
}

/**
 * The first day of the present opening, or of the last one, said otherwise.
 * @throws invalid_input: a day to come, after its end, within the opening before it, or after somebody lay there already
 */
export async function correctOpening(db: TenantDb, row: BedRow, openedOn: string): Promise<void> {
  assertFirstDay(openedOn)
  if (row.closed_on !== null && openedOn > row.closed_on) throw wrong(afterEnd)
  const earlier = await db
    .selectFrom('bed_opening')
    .select(['opened_on', 'closed_on'])
    .where('bed_id', '=', row.id)
    .where('opened_on', '<', row.opened_on)
    .orderBy('opened_on', 'desc')
    .executeTakeFirst()
  if (earlier && openedOn < (earlier.closed_on ?? row.opened_on)) throw wrong(withinEarlier)
  if (openedOn > row.opened_on && (await isUsedBetween(db, row.id, row.opened_on, openedOn))) throw wrong(inUseBefore)
  // One that was closed on its first day had no day: it gives its place.
  if (earlier?.opened_on === openedOn)
    await db.deleteFrom('bed_opening').where('bed_id', '=', row.id).where('opened_on', '=', openedOn).execute()
  await db
    .updateTable('bed_opening')
    .set({ opened_on: openedOn })
    .where('bed_id', '=', row.id)
    .where('opened_on', '=', row.opened_on)
    .execute()
}

/** From today on the bed is where, and as, it is said to be; what was until yesterday stays. */
export async function reopen(db: TenantDb, row: BedRow, { serviceId, active }: { serviceId: string; active: boolean }) {
  const day = today()
  const wasActive = row.closed_on === null
  const newest = db.updateTable('bed_opening').where('bed_id', '=', row.id).where('opened_on', '=', row.opened_on)
  if (!active) {
    if (wasActive) await newest.set({ closed_on: day }).execute()
    return
  }
  const goesOn = row.opened_in === serviceId && (wasActive || row.closed_on === day)
  // What was opened today has no day in its former service.
  if (goesOn || row.opened_on === day) {
    await newest.set({ service_id: serviceId, closed_on: null }).execute()
    return
  }
  if (wasActive) await newest.set({ closed_on: day }).execute()
  await open(db, row.id, serviceId, day)
}

const open = (db: TenantDb, id: string, serviceId: string, day: string) =>
  db.insertInto('bed_opening').values({ bed_id: id, service_id: serviceId, opened_on: day }).execute()

const future = text('Un lit n’ouvre pas dans le futur.', 'A bed does not open in the future.')
const tooEarly = text('L’ouverture d’un lit ne remonte pas avant 1900.', 'A bed was not opened before 1900.')
const afterEnd = text('Ce jour suit la fermeture du lit.', 'This day is after the bed was closed.')
const withinEarlier = text(
  'Ce jour précède la fin de l’ouverture précédente de ce lit.',
  'This day is before the end of this bed’s former opening.',
)
const inUseBefore = text(
  'Un patient occupait déjà ce lit avant ce jour.',
  'A patient was in this bed before this day already.',
)
