import type { PlatformDb } from '#tenancy'
import { blank, forgetAt, type Kind, type Row } from './attempt-rules.ts'

const columns = ['key', 'failures', 'counted_at', 'open_at', 'known_until'] as const

/**
 * The rows of these keys in their order, made when missing and locked until COMMIT: one statement for both, so that of two
 * first tries at once neither is lost. @param at ms (epoch)
 */
export async function lockAttempts(db: PlatformDb, keys: readonly Buffer[], at: number): Promise<Row[]> {
  if (keys.length === 0) return []
  const instant = new Date(at).toISOString()
  const rows = await db
    .insertInto('login_attempt')
    .values(keys.map((key) => ({ key, failures: 0, counted_at: instant, open_at: instant, forget_at: instant })))
    .onConflict((conflict) =>
      conflict.column('key').doUpdateSet(({ ref }) => ({ failures: ref('login_attempt.failures') })),
    )
    .returning(columns)
    .execute()
  return keys.map((key) => {
    const row = rows.find((one) => one.key.equals(key))
    if (!row) return blank(at)
    return {
      failures: row.failures,
      countedAt: Date.parse(row.counted_at),
      openAt: Date.parse(row.open_at),
      knownUntil: row.known_until === null ? null : Date.parse(row.known_until),
    }
  })
}

export async function storeAttempts(
  db: PlatformDb,
  changes: readonly { kind: Kind; key: Buffer; row: Row }[],
): Promise<void> {
  const iso = (at: number): string => new Date(at).toISOString()
  await db
    .insertInto('login_attempt')
    .values(
      changes.map(({ kind, key, row }) => ({
        key,
        failures: row.failures,
        counted_at: iso(row.countedAt),
        open_at: iso(row.openAt),
        known_until: row.knownUntil === null ? null : iso(row.knownUntil),
        forget_at: iso(forgetAt(kind, row)),
      })),
    )
    .onConflict((conflict) =>
      conflict.column('key').doUpdateSet(({ ref }) => ({
        failures: ref('excluded.failures'),
        counted_at: ref('excluded.counted_at'),
        open_at: ref('excluded.open_at'),
        known_until: ref('excluded.known_until'),
        forget_at: ref('excluded.forget_at'),
      })),
    )
    .execute()
}

/** Deletes rows that say nothing any more, a hundred at most: one try in ten does it, so no job is needed. */
export async function forgetAttempts(db: PlatformDb, at: number): Promise<void> {
  const instant = new Date(at).toISOString()
  await db
    .deleteFrom('login_attempt')
    .where('forget_at', '<', instant)
    .where('key', 'in', (eb) =>
      eb.selectFrom('login_attempt').select('key').where('forget_at', '<', instant).limit(100).forUpdate().skipLocked(),
    )
    .execute()
}
