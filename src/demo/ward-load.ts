import type { TenantDb } from '#tenancy'
import { findOrInsertBed } from '../modules/beds/index.ts'
import { createEquipment } from '../modules/equipment/index.ts'
import { updateEntry } from '../modules/services/index.ts'
import { insertStays, judgeNew, listStays, readReferences, tellAdmission } from '../modules/stays/index.ts'
import type { Actor } from '../platform/http/index.ts'
import { now } from '../shared/clock.ts'
import type { DemoRecords } from './pyramid.ts'
import { seeded } from './random.ts'
import { wardOf, wardOpenedOn, type DemoStay } from './ward.ts'

/** Beds, stays, equipment and what was told of them, of an establishment whose patients and visits are stored. */
export async function loadWard(
  db: TenantDb,
  actor: Actor,
  records: DemoRecords,
  services: ReadonlyMap<string, string>,
): Promise<void> {
  const ward = wardOf(records)
  const day = now().toISOString()
  for (const { service, ...kept } of ward.heads)
    await updateEntry(db, actor, 'service', services.get(service)!, 1, kept)
  const beds = new Map<string, string>()
  for (const { code, service } of ward.beds)
    beds.set(
      code,
      await findOrInsertBed(db, actor, { code, serviceId: services.get(service)!, openedOn: wardOpenedOn }),
    )
  const stays = ward.stays.filter((stay) => (stay.dischargedAt ?? stay.admittedAt) <= day)
  const random = seeded(`SIS places ${records.establishment.slug}`)
  const shortObservation = records.establishment.type === 'cscom'
  const references = await readReferences(
    db,
    stays.map(({ patientId, codes }) => ({ patientId, codes })),
  )
  const judged = stays.map((stay) => {
    const places = stay.places.map(({ service, bed, at }, i) => ({
      id: random.uuid(Date.parse(at)),
      serviceId: services.get(service)!,
      bedId: bed === null ? null : beds.get(bed)!,
      from: at,
      to: stay.places[i + 1]?.at ?? stay.dischargedAt,
      reason: i === 0 ? null : 'Suite des soins',
    }))
    const { fields, errors } = judgeNew(
      { ...content(stay), serviceId: places[0]!.serviceId, bedId: places[0]!.bedId, shortObservation },
      references.contextOf(stay),
      places[0]!.id,
    )
    if (errors.length > 0) throw new Error(`a stay of the demonstration is refused: ${errors[0]!.path}`)
    return { id: stay.id, fields: { ...fields, places } }
  })
  await insertStays(db, actor, judged, 'create')
  for (const { code, name, id, state, since, nextMaintenanceOn } of ward.equipment)
    if (since <= day.slice(0, 10))
      await createEquipment(db, actor, { id, code, name, state, stateSince: since, nextMaintenanceOn })
  const open = await listStays(db, { id: null }, { open: true, limit: 20 })
  for (const stay of open.items.toReversed()) await tellAdmission(db, stay)
}

const content = ({ id: _id, places: _places, ...stay }: DemoStay) => stay
