// What the other modules may use of beds.
export { beds } from './module.ts'
export { findOrInsertBed, useBed } from './changes.ts'
export { lockBeds } from './queries.ts'
export { tellOccupied } from './occupied.ts'
