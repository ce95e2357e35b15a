import type { TenantDb } from '#tenancy'

/** Throws what a file may not be hidden for, with the patient locked. */
export type HidingGuard = (db: TenantDb, patientId: string) => Promise<void>

const guards: HidingGuard[] = []

/** Declares, where a module is loaded, what of it keeps a file in sight: a person who is in the ward is not hidden. */
export function keepInSight(guard: HidingGuard): void {
  guards.push(guard)
}

/** @throws what a module declares */
export async function refuseNeeded(db: TenantDb, patientId: string): Promise<void> {
  for (const guard of guards) await guard(db, patientId)
}
