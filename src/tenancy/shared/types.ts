import pg from 'pg'

// What PostgreSQL sends as text becomes what the API sends as JSON, without a detour through Date: a `date` has no
// time zone, and a timestamptz(3) in a UTC session is already ISO 8601 but for two characters.
const parsers = new Map<number, (value: string) => unknown>([
  [pg.types.builtins.DATE, (value) => value],
  [pg.types.builtins.TIMESTAMPTZ, toIsoInstant],
  [pg.types.builtins.INT8, Number],
  [pg.types.builtins.NUMERIC, Number],
])

/** '2026-07-01 09:30:00.12+00' → '2026-07-01T09:30:00.120Z' (sessions run in UTC). */
export function toIsoInstant(value: string): string {
  const [seconds = '', fraction = ''] = value.slice(0, -3).replace(' ', 'T').split('.')
  return `${seconds}.${fraction.padEnd(3, '0').slice(0, 3)}Z`
}

/** How what is sent as text is read. */
export const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    (format !== 'binary' && parsers.get(oid)) || pg.types.getTypeParser(oid, format),
}
