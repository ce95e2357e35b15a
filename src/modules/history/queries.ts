import { insertAll, type TenantDb } from '#tenancy'
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

/** A version of a record: what it said, who wrote it, when and why. */
export type Version<T> = {
  version: number
  at: string
  by: { id: string | null; name: string }
  action: NewVersion['action']
  reason: string | null
  data: T
}

/** Keeps a version of a record, in the change's own transaction. Insert-only: the tenant role cannot change it. */
export const addVersion = (db: TenantDb, actor: Actor, version: NewVersion): Promise<void> =>
  addVersions(db, actor, [version])

/** The same for many records, in one statement; at most a few thousand. */
export async function addVersions(db: TenantDb, actor: Actor, versions: readonly NewVersion[]): Promise<void> {
  await insertAll(
    db,
    'record_version',
    versions.map((version) => ({
      resource: version.resource,
      resource_id: version.id,
      version: version.version,
      action: version.action,
      reason: version.reason ?? null,
      data: version.data,
    })),
    { by_id: actor.id, by_name: actor.name.slice(0, 160) },
  )
}

/** All versions of a record, newest first. */
export async function listVersions<T>(db: TenantDb, resource: string, id: string): Promise<Version<T>[]> {
  const versions = await listVersionsOf<T>(db, resource, [id])
  return versions.get(id) ?? []
}

/** The same of several records, by their ids. */
export async function listVersionsOf<T>(
  db: TenantDb,
  resource: string,
  ids: readonly string[],
): Promise<Map<string, Version<T>[]>> {
  const rows = await db
    .selectFrom('record_version')
    .select(['resource_id', 'version', 'at', 'by_id', 'by_name', 'action', 'reason', 'data'])
    .where('resource', '=', resource)
    .where('resource_id', 'in', [...ids])
    .orderBy('version', 'desc')
    .limit(1_000 * ids.length)
    .execute()
  const found = new Map<string, Version<T>[]>()
  for (const { resource_id, version, at, by_id, by_name, action, reason, data } of rows) {
    const by = { id: by_id, name: by_name }
    const one = { version, at, by, action: action as NewVersion['action'], reason, data: data as T }
    const others = found.get(resource_id)
    if (others) others.push(one)
    else found.set(resource_id, [one])
  }
  return found
}
