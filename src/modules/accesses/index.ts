export { accesses } from './module.ts'
