import { asJson, type TenantDb } from '#tenancy'
import type { Actor } from '../../platform/http/index.ts'

export type NewVersion = {
  resource: string
  id: string
  version: number
  action: 'create' | 'update' | 'hide' | 'import'
  reason?: string | null
  /** The whole record as it now stands, in the API's form. */
  data: object
}

/** Keeps a version of a record, in the change's own transaction. Insert-only: the tenant role cannot change it. */
export const addVersion = (db: TenantDb, actor: Actor, version: NewVersion): Promise<void> =>
  addVersions(db, actor, [version])

/** The same for many records, in one statement; at most a few thousand. */
export async function addVersions(db: TenantDb, actor: Actor, versions: readonly NewVersion[]): Promise<void> {
  if (versions.length === 0) return
  await db
    .insertInto('record_version')
    .values(
      versions.map((version) => ({
        resource: version.resource,
        resource_id: version.id,
        version: version.version,
        by_id: actor.id,
        by_name: actor.name.slice(0, 160),
        action: version.action,
        reason: version.reason ?? null,
        data: asJson(version.data),
      })),
    )
    .execute()
}

/** All versions of a record, newest first. */
export async function listVersions<T>(db: TenantDb, resource: string, id: string) {
  const rows = await db
    .selectFrom('record_version')
    .select(['version', 'at', 'by_id', 'by_name', 'action', 'reason', 'data'])
    .where('resource', '=', resource)
    .where('resource_id', '=', id)
    .orderBy('version', 'desc')
    .limit(1_000)
    .execute()
  return rows.map(({ version, at, by_id, by_name, action, reason, data }) => ({
    version,
    at,
    by: { id: by_id, name: by_name },
    action: action as NewVersion['action'],
    reason,
    data: data as T,
  }))
}
