import type { Head } from './head.ts'

/** A head as it stands in sis_audit.seal. */
export type SealRow = Omit<Head, 'at' | 'signature'> & { milliseconds: string; signature: Buffer }

/** What to select of sis_audit.seal for a SealRow. */
export const headColumns = `chain, number, era, from_xid::text as from, to_xid::text as to, entries, kid,
  encode(root, 'hex') as root, encode(previous, 'hex') as previous, encode(head, 'hex') as head, signature,
  trim_scale(extract(epoch from at) * 1000)::text as milliseconds`

export const toHead = ({ milliseconds, signature, ...row }: SealRow): Head => ({
  ...row,
  at: instantOf(milliseconds),
  signature: signature.toString('base64url'),
})

// What no sealer of ours writes stays as it is: it must not pass for something else, nor end the examination.
const instantOf = (milliseconds: string): string =>
  /^\d{1,14}$/.test(milliseconds) ? new Date(Number(milliseconds)).toISOString() : milliseconds

/** The era that new entries get: the column's default, as it must be known before any entry is written. */
export const currentEra = `(select pg_get_expr(d.adbin, d.adrelid)::integer from pg_attrdef d
  join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
  where d.adrelid = 'sis_audit.entry'::regclass and a.attname = 'era')`

/** Up to where the current era is sealed, all chains together. */
export const sealedTo = `coalesce((select to_xid from sis_audit.seal where era = ${currentEra} order by to_xid desc limit 1), '0'::xid8)`
