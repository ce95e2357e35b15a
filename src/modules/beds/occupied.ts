import type { ExpressionBuilder, TenantDb, TenantTables } from '#tenancy'

export type Beds = ExpressionBuilder<TenantTables, 'bed'>

/** What the module that puts patients into beds knows of one. */
export type Uses = {
  /** Whether a patient is in the bed now. */
  isOccupied(eb: Beds): ReturnType<Beds['exists']>
  /** Whether a patient was in it from the first of these days on, before the second. */
  isUsedBetween(db: TenantDb, id: string, from: string, before: string): Promise<boolean>
  /** Whether something that is kept names it, though no patient was in it after all. */
  isNamed(db: TenantDb, id: string): Promise<boolean>
}

let told: Uses | undefined

/** Says how beds are used: given, where it is loaded, by the module that puts patients there. */
export function tellUses(by: Uses): void {
  told = by
}

/** @throws Error when no module says so: “free” would be a guess */
function uses(): Uses {
  if (!told) throw new Error('no module tells whether a bed is occupied')
  return told
}

export const isOccupied: Uses['isOccupied'] = (eb) => uses().isOccupied(eb)
export const isUsedBetween: Uses['isUsedBetween'] = (...asked) => uses().isUsedBetween(...asked)
export const isNamed: Uses['isNamed'] = (...asked) => uses().isNamed(...asked)
