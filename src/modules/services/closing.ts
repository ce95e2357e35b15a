import type { TenantDb } from '#tenancy'

/** Throws what a service may not be closed for, with the service locked. */
export type ClosingGuard = (db: TenantDb, serviceId: string) => Promise<void>

const guards: ClosingGuard[] = []

/** Declares, where a module is loaded, what of it keeps a service open, with `service_in_use`: a patient who is in the ward. */
export function keepOpen(guard: ClosingGuard): void {
  guards.push(guard)
}

/** @throws service_in_use */
export async function refuseInUse(db: TenantDb, serviceId: string): Promise<void> {
  for (const guard of guards) await guard(db, serviceId)
}
