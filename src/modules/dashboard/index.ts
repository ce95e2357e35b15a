export { dashboard } from './module.ts'
