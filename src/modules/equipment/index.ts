export { equipment } from './module.ts'
export { createEquipment } from './changes.ts'
export { countOverdue } from './overdue.ts'
