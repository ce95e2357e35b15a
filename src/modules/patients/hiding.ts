import type { TenantDb } from '#tenancy'
import type { ErrorCode } from '../../shared/errors.ts'

/** Throws what a file may not be hidden for, with the patient locked. */
export type HidingGuard = (db: TenantDb, patientId: string) => Promise<void>

const guards: HidingGuard[] = []
const codes: ErrorCode[] = []

/**
 * Declares, where a module is loaded, what of it keeps a file in sight: a person who is in the ward is not hidden.
 * @param code what the guard refuses with
 */
export function keepInSight(guard: HidingGuard, code: ErrorCode): void {
  guards.push(guard)
  codes.push(code)
}

/** With which codes. */
export const hidingCodes = (): readonly ErrorCode[] => codes

/** @throws what a module declares */
export async function refuseNeeded(db: TenantDb, patientId: string): Promise<void> {
  for (const guard of guards) await guard(db, patientId)
}
