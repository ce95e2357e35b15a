export { audit, auditAll, type AuditEntry } from './audit.ts'
export { toAccessEntry, type AccessTaken } from './access-entry.ts'
export { recordExport, type ExportRecord } from './export-record.ts'
export { recordEvent, type EventActor, type PlatformEvent } from './events.ts'
