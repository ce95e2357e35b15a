// A patient's opposition to sharing: recorded, withdrawn, never erased.
export { listOppositions } from './queries.ts'
export { oppositions } from './module.ts'
export { Opposition, type Scope } from './schemas.ts'
