import type { ExpressionBuilder, TenantTables } from '#tenancy'

export type Beds = ExpressionBuilder<TenantTables, 'bed'>
type Occupancy = (eb: Beds) => ReturnType<Beds['exists']>

let told: Occupancy | undefined

/** Says how it is seen that somebody is in a bed: given, where it is loaded, by the module that puts patients there. */
export function tellOccupied(by: Occupancy): void {
  told = by
}

/** Whether a patient is in the bed now. @throws Error when no module says so: “free” would be a guess */
export function isOccupied(eb: Beds): ReturnType<Occupancy> {
  if (!told) throw new Error('no module tells whether a bed is occupied')
  return told(eb)
}
