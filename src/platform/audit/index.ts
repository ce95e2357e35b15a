export { audit, auditAll, type AuditEntry } from './audit.ts'
export { recordEvent, type EventActor, type PlatformEvent } from './events.ts'
