export { icd10 } from './module.ts'
export { findIcd10Codes, icd10Labels, searchIcd10, type KnownCode } from './queries.ts'
export { tidyCode } from './rules.ts'
export { Icd10Code } from './schemas.ts'
