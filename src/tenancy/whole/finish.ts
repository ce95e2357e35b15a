import type { OwnerPool, OwnerSession } from '../owner/connection.ts'
import { restoringSchema } from './marker.ts'
import type { BackupRun, NewestRun, SealedSigningKey } from './types.ts'

export type Closed = { sessions: number; links: number }

/**
 * Nobody goes on as if nothing had happened: a refresh token that was stolen and revoked after the backup would live
 * again, and so would a one-time link that was used. All sessions end, access tokens issued until now are refused, links
 * must be made anew; the restore stands on every establishment's record. From here on the database may serve.
 */
export async function finishRestore(pool: OwnerPool, run: BackupRun, actor: string): Promise<Closed> {
  const done = await pool.transaction(async (session) => {
    const [closed] = await session.query<Closed>(
      `with ended as (update sis_platform.session set revoked_at = now(), revoked_reason = 'restore' where revoked_at is null returning 1),
         refused as (update sis_platform.account set not_before = now() returning 1),
         expired as (update sis_platform.activation set expires_at = now() where used_at is null and expires_at > now() returning 1)
       select (select count(*)::int from ended) as sessions, (select count(*)::int from expired) as links,
         (select count(*)::int from refused) as accounts`,
    )
    const detail = { takenAt: run.takenAt, file: run.fileName, sha256: run.sha256, rows: run.rows, ...closed }
    await session.query(
      `insert into sis_audit.entry (id, chain, tenant, actor_name, action, resource, outcome, detail)
       select gen_random_uuid(), 'platform', tenant, $1, 'installation.restore', 'installation', 'success', $2
       from (select null as tenant union all select schema_name from sis_platform.establishment) everywhere`,
      [actor.slice(0, 160), JSON.stringify(detail)],
    )
    await insertRun(session, run)
    return { sessions: closed?.sessions ?? 0, links: closed?.links ?? 0 }
  })
  await pool.asLogin((session) => session.run(`drop schema if exists ${restoringSchema}`))
  return done
}

/** Keys in use, to try a master key on. */
export const signingKeys = (pool: OwnerPool): Promise<SealedSigningKey[]> =>
  pool.transaction((session) =>
    session.query<SealedSigningKey>(
      `select kid, private_key from sis_platform.signing_key where status in ('current', 'next')`,
    ),
  )

/** The newest run of each kind; none on a database whose tables are from before there was such a record. */
export const newestRuns = (pool: OwnerPool): Promise<NewestRun[]> =>
  pool.transaction(async (session) => {
    const [known] = await session.query<{ there: boolean }>(
      `select to_regclass('sis_platform.backup_run') is not null as there`,
    )
    if (!known?.there) return []
    return session.query<NewestRun>(
      `select kind, (array_agg(outcome order by at desc))[1] as outcome,
         extract(epoch from max(coalesce(taken_at, at)) filter (where outcome = 'success'))::float8 as "succeededAt"
       from sis_platform.backup_run group by kind`,
    )
  })

/**
 * Puts a backup or a drill on record. @returns false on a database whose tables are from before there was such a record
 */
export function recordRun(pool: OwnerPool, run: BackupRun, actor: string): Promise<boolean> {
  return pool.transaction(async (session) => {
    const [there] = await session.query<{ there: boolean }>(
      `select to_regclass('sis_platform.backup_run') is not null and to_regclass('sis_audit.entry') is not null as there`,
    )
    if (!there?.there) return false
    await insertRun(session, run)
    const { fileName: file, sha256, bytes, rows } = run
    await session.query(
      `insert into sis_audit.entry (id, chain, actor_name, action, resource, outcome, reason, detail)
       values (gen_random_uuid(), 'platform', $1, $2, 'installation', $3, $4, $5)`,
      [
        actor.slice(0, 160),
        `installation.${run.kind}`,
        run.outcome,
        run.reason?.slice(0, 500) ?? null,
        JSON.stringify({ file, sha256, bytes, rows }),
      ],
    )
    return true
  })
}

async function insertRun(session: OwnerSession, run: BackupRun): Promise<void> {
  const { kind, outcome, takenAt, fileName, sha256, bytes, rows, durationMs, reason } = run
  await session.query(
    `insert into sis_platform.backup_run (id, kind, outcome, taken_at, file_name, sha256, bytes, stored_rows, duration_ms, reason)
     values (gen_random_uuid(), $1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      kind,
      outcome,
      takenAt ?? null,
      fileName?.slice(0, 255) ?? null,
      sha256 ?? null,
      bytes ?? null,
      rows ?? null,
      Math.round(durationMs),
      reason?.slice(0, 500) ?? null,
    ],
  )
}
