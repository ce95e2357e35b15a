// The register of processing that an establishment keeps for the authority.
export { staleIn } from './catalogue.ts'
export { writeRegister } from './document.ts'
export { registerOf, type Register, type Settings } from './register.ts'
