import type { PlatformDb } from '#tenancy'
import { recordEventOn, type EventActor, type PlatformEvent } from '../audit/index.ts'
import { listMemberships } from './grants.ts'

export type { EventActor } from '../audit/index.ts'

/** On the record of each establishment where the person works, else on the platform's. */
export async function recordForPerson(
  db: PlatformDb,
  actor: EventActor,
  accountId: string,
  event: Omit<PlatformEvent, 'establishmentId'>,
): Promise<void> {
  const places = await listMemberships(db, accountId)
  await recordEventOn(
    db,
    actor,
    event,
    places.length > 0 ? places.map(({ establishment }) => establishment.id) : [null],
  )
}
