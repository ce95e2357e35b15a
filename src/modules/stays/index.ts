// What the other modules may use of stays.
export { insertStays } from './bulk.ts'
export { listStays } from './list.ts'
export { stays } from './module.ts'
export { readBoard } from './occupancy/board.ts'
export type { Board } from './occupancy/schemas.ts'
export { tellAdmission } from './notices.ts'
export { readReferences } from './references.ts'
export { judgeNew } from './rules/fields.ts'
