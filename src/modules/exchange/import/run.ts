import type { TenantDb } from '#tenancy'
import { audit } from '../../../platform/audit/index.ts'
import type { Actor } from '../../../platform/http/index.ts'
import { notify } from '../../../platform/notices/index.ts'
import { registerStored } from './notices.ts'
import { forgetDryRuns, insertRun, type NewRun, type Run } from './queries.ts'

export type Stored = {
  run: Run
  alreadyImported: boolean
  /** Whom it found on file of those whom nothing else tells. */
  met: readonly string[]
}

/** Keeps the report of an import, and the entry on record. */
export async function keepRun(db: TenantDb, actor: Actor, run: NewRun): Promise<Run> {
  await forgetDryRuns(db)
  const stored = await insertRun(db, actor, run)
  await audit(db, actor, {
    action: run.dryRun ? 'import.try' : 'import.store',
    resource: 'import',
    resourceId: run.id,
  })
  return stored
}

export const tellStored = (db: TenantDb, actor: Actor, id: string, lines: number): Promise<void> =>
  notify(db, registerStored, {
    roles: ['ADMIN_LOCAL'],
    resource: 'import',
    resourceId: id,
    params: { by: actor.name.slice(0, 160), lines },
  })
