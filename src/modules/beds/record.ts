import type { TenantDb } from '#tenancy'
import { isOccupied, type Beds } from './occupied.ts'
import type { Bed, BedState, BedVersion } from './schemas.ts'

/** Beds with the service where each stands, its present or last opening, and whether somebody is in it. */
export const selectBeds = (db: TenantDb) =>
  db
    .selectFrom('bed')
    .innerJoin('service', 'service.id', 'bed.service_id')
    .innerJoin('bed_opening', (join) =>
      join.onRef('bed_opening.bed_id', '=', 'bed.id').on('bed_opening.opened_on', '=', (eb) =>
        eb
          .selectFrom('bed_opening as newest')
          .select((of) => of.fn.max('newest.opened_on').as('day'))
          .whereRef('newest.bed_id', '=', 'bed.id'),
      ),
    )
    .select(['bed.id', 'bed.version', 'bed.code', 'bed.code_key', 'bed.service_id', 'bed.state', 'bed.created_at'])
    .select(['bed.updated_at', 'service.name as service_name', 'bed_opening.opened_on', 'bed_opening.closed_on'])
    .select('bed_opening.service_id as opened_in')
    .select((eb) => isOccupied(eb as unknown as Beds).as('occupied'))

export type BedRow = Awaited<ReturnType<ReturnType<typeof selectBeds>['executeTakeFirstOrThrow']>>

export const toBedVersion = (row: BedRow): BedVersion => ({
  id: row.id,
  version: row.version,
  code: row.code,
  serviceId: row.service_id,
  state: row.occupied ? 'occupied' : (row.state as BedState),
  active: row.closed_on === null,
  openedOn: row.opened_on,
  closedOn: row.closed_on,
})

export const toBed = (row: BedRow): Bed => ({
  ...toBedVersion(row),
  service: { id: row.service_id, name: row.service_name },
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})
