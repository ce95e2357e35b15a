import type { TenantDb } from '#tenancy'
import type { Actor } from '../../platform/http/index.ts'
import { findOrInsertEntry } from './queries.ts'

export { keepOpen } from './closing.ts'
export { findEntry, updateEntry } from './queries.ts'
export { services } from './module.ts'

/** The service with this name (accents and capitals aside), added when there is none. */
export const findOrInsertService = (db: TenantDb, actor: Actor, name: string) =>
  findOrInsertEntry(db, actor, 'service', name)

/** The specialty with this name (accents and capitals aside), added when there is none. */
export const findOrInsertSpecialty = (db: TenantDb, actor: Actor, name: string) =>
  findOrInsertEntry(db, actor, 'specialty', name)
