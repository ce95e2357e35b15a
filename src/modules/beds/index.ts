// What the other modules may use of beds.
export { beds } from './module.ts'
export { findOrInsertBed, keyOf as bedKeyOf, useBeds } from './changes.ts'
export { lockBeds } from './queries.ts'
export { tellUses } from './occupied.ts'
