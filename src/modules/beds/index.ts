// What the other modules may use of beds.
export { beds } from './module.ts'
export { createBed, findOrInsertBed, useBed } from './changes.ts'
export { findBed, listBeds, lockBeds } from './queries.ts'
export { tellOccupied } from './occupied.ts'
export { selectBeds, toBed, type BedRow } from './record.ts'
export { Bed, bedStates, type BedState } from './schemas.ts'
