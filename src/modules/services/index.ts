import type { TenantDb } from '#tenancy'
import type { Actor } from '../../platform/http/index.ts'
import { findOrInsertEntry } from './queries.ts'

export { keepOpen } from './closing.ts'
export { createEntry, findEntry, keyOf as nameKeyOf, listEntries, lockServicesByKey, updateEntry } from './queries.ts'
export type { Entry } from './queries.ts'
export { ServiceFilters } from './schemas.ts'
export { services } from './module.ts'

/** The service with this name (accents and capitals aside), added when there is none. */
export const findOrInsertService = (db: TenantDb, actor: Actor, name: string) =>
  findOrInsertEntry(db, actor, 'service', name)

/** The specialty with this name (accents and capitals aside), added when there is none. */
export const findOrInsertSpecialty = (db: TenantDb, actor: Actor, name: string) =>
  findOrInsertEntry(db, actor, 'specialty', name)
