// The register of processing that an establishment keeps for the authority.
export { staleIn, tablesOf } from './catalogue.ts'
export { all, type Described } from './described.ts'
export { writeRegister } from './document.ts'
export { registerOf, type Register, type Settings } from './register.ts'
