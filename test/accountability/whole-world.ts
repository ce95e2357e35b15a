import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import pg from 'pg'
import { pino } from 'pino'
import { createTenancy } from '#tenancy'
import { buildApp } from '../../src/app.ts'
import { loadConfig, type Config } from '../../src/config.ts'
import { openAccess } from '../../src/platform/auth/index.ts'
import { openWholeBackup } from '../../src/platform/backup/index.ts'
import { backUp } from '../../src/supervisor/backup.ts'
import { startEmbedded } from '../../src/supervisor/embedded.ts'
import { masterKeyFor, restoreEmbedded, type Placed } from '../../src/supervisor/restore.ts'
import { quiet, type TestDatabase } from '../cluster.ts'
import { harnessConfig } from '../harness.ts'

export const passphrase = 'un grand baobab sur la dune rose'
/** What the harness signs its tokens with. */
export const masterKey = Buffer.alloc(32, 7)

export type Query = TestDatabase['asSuperuser']

/** The configuration of a data folder that keeps the master key itself. */
export function configOf(dataDir: string): Config {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  writeFileSync(join(dataDir, 'master-key'), masterKey.toString('base64'), { mode: 0o600 })
  return loadConfig({ SIS_DATA_DIR: dataDir })
}

export const options = { passphrase, program: '0.1.0', actor: 'Essai' }

export async function backedUp(database: TestDatabase, config: Config, output: string, keep?: number) {
  const owner = await database.owner()
  try {
    return await backUp(owner, config, { ...options, output, ...(keep !== undefined && { keep }) })
  } finally {
    await owner.close()
  }
}

/** Restores a file into a data folder that knows nothing. */
export async function restoredInto(dataDir: string, file: string, replace = false): Promise<Placed> {
  const config = loadConfig({ SIS_DATA_DIR: dataDir })
  const backup = await openWholeBackup(file, passphrase)
  const key = masterKeyFor(config, backup)
  return restoreEmbedded(config, backup, { log: quiet, tell() {}, actor: 'Essai', fileName: 'x', key, replace })
}

export type RestoredSis = { app: FastifyInstance; query: Query; close(): Promise<void> }

/** The application on a restored data folder, with nothing but what lies there. */
export async function openRestored(dataDir: string): Promise<RestoredSis> {
  const read = (name: string): string => readFileSync(join(dataDir, name), 'utf8').trim()
  const embedded = await startEmbedded(dataDir, () => {})
  const pool = new pg.Pool({ connectionString: embedded.url, max: 2 })
  pool.on('error', () => {})
  const query: Query = async <R extends pg.QueryResultRow>(sql: string, values: unknown[] = []) =>
    (await pool.query<R>(sql, values)).rows
  const [row] = await query<{ id: string }>('select id from sis_platform.installation')
  const installation = row?.id ?? ''
  const url = new URL(embedded.url)
  ;[url.username, url.password] = [`sis_${installation}_api`, read('api-password')]
  const tenancy = await createTenancy({ url: url.toString(), installation, poolSize: 4, log: quiet })
  const access = await openAccess({ tenancy, masterKey: Buffer.from(read('master-key'), 'base64'), installation })
  const app = await buildApp({ config: harnessConfig, access, log: pino({ level: 'silent' }) })
  await app.ready()
  await tenancy.directory.refresh()
  return {
    app,
    query,
    async close() {
      await app.close()
      access.close()
      await tenancy.close()
      await pool.end()
      await embedded.stop('immediate')
    },
  }
}

// Of these a restore changes something on purpose: sessions end, tokens are refused, the era of the record is a new one,
// entries that no seal covers are stamped anew.
const changed: Record<string, string[]> = {
  'sis_platform.session': ['revoked_at', 'revoked_reason', 'changed'],
  'sis_platform.account': ['not_before', 'changed'],
  'sis_platform.activation': ['expires_at'],
  'sis_audit.entry': ['era', 'xid'],
}
// Not taken along; the version of the directory moves with every ended session.
const leftOut = /\.(idempotency_key|login_challenge|prepared|directory_version|backup_run|seal)$/

/** Every row of every table of an installation, as PostgreSQL writes it, by the table's name. */
export async function everyRow(query: Query): Promise<Record<string, string[]>> {
  const tables = await query<{ name: string; columns: string[] }>(
    `select n.nspname || '.' || c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
     from pg_namespace n join pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'p')
     join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where n.nspname ~ '^sis_(platform|ref|audit|[a-z0-9]+_t_[a-z0-9]+)$'
       and not exists (select from sis_platform.prepared p where p.schema_name = n.nspname) group by n.nspname, c.relname order by 1`,
  )
  const rows: Record<string, string[]> = {}
  for (const { name, columns } of tables.filter((table) => !leftOut.test(table.name))) {
    const kept = columns.filter((column) => !changed[name]?.includes(column)).map((column) => `"${column}"`)
    rows[name] = (
      await query<{ row: string }>(`select (${kept.join(', ')}, 0)::text as row from ${name} t order by 1`)
    ).map(({ row }) => row)
  }
  return rows
}
