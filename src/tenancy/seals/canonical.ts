import { hash } from 'node:crypto'

/** Every column of sis_audit.entry: a change of any of them must show (test/accountability compares with the table). */
export const sealedColumns = [
  'seq', 'era', 'xid', 'id', 'chain', 'origin', 'tenant', 'at', 'actor_id', 'actor_name', 'actor_role', 'session_id',
  'action', 'resource', 'resource_id', 'patients', 'outcome', 'reason', 'ip', 'request_id', 'detail',
] as const // prettier-ignore

type Column = (typeof sealedColumns)[number]
/** An entry as text, the same for every setting of the session that reads it. */
export type EntryText = Record<Column, string | null> & { id: string; chain: string; xid: string }

// An instant's own text depends on the session's time zone.
const asText = (column: Column): string =>
  column === 'at' ? 'extract(epoch from at)::text as at' : `${column}::text as ${column}`

/** What to select of sis_audit.entry for an EntryText. */
export const entryAsText = sealedColumns.map(asText).join(', ')

// Whoever changes how an entry is written changes this too: old seals must not pass for new ones.
const form = 'sis audit entry 1'

/** 16 bytes of the entry's id and 32 of its content's SHA-256: what stands in a seal for one entry. */
export const leafBytes = 48

export function leafOf(entry: EntryText): Buffer {
  const content = JSON.stringify([form, ...sealedColumns.map((column) => entry[column])])
  return Buffer.concat([Buffer.from(entry.id.replaceAll('-', ''), 'hex'), hash('sha256', content, 'buffer')], leafBytes)
}

/** The id of a leaf, as a UUID is written. */
export const idOf = (leaf: Buffer): string =>
  leaf.toString('hex', 0, 16).replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')

/** The leaves of a seal, as they are stored one behind the other. */
export function* leavesOf(stored: Buffer): Generator<Buffer> {
  for (let at = 0; at < stored.length; at += leafBytes) yield stored.subarray(at, at + leafBytes)
}
