import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { createTenancy } from '#tenancy'
import { freePort } from '../src/supervisor/postgres.ts'
import { quiet, startDatabase } from './cluster.ts'
import { findProgram, requireTool } from './tools.ts'

const slugs = ['sih_mopti', 'csref_djenne', 'cscom_sangha', 'cabinet_etoile']

type Bouncer = { url: string; database: Awaited<ReturnType<typeof startDatabase>> }

const undo: (() => Promise<void> | void)[] = []
after(async () => {
  for (const step of undo.reverse()) await step()
})

/** PgBouncer in transaction mode with fewer server connections than clients: every transaction may meet any of them. */
async function startBouncer(program: string): Promise<Bouncer> {
  const database = await startDatabase()
  undo.push(database.stop)
  const folder = mkdtempSync(join(tmpdir(), 'sis-pgbouncer-'))
  chmodSync(folder, 0o755)
  undo.push(() => rmSync(folder, { recursive: true, force: true }))
  const api = new URL(database.apiUrl)
  const port = await freePort()
  writeFileSync(join(folder, 'users'), `"${api.username}" "${api.password}"\n`, { mode: 0o644 })
  const settings = [
    '[databases]',
    `sis = host=127.0.0.1 port=${api.port} dbname=sis`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'auth_type = plain',
    `auth_file = ${join(folder, 'users')}`,
    'pool_mode = transaction',
    'default_pool_size = 3',
    'max_client_conn = 100',
    'unix_socket_dir =',
    'ignore_startup_parameters = extra_float_digits',
  ]
  writeFileSync(join(folder, 'ini'), `${settings.join('\n')}\n`, { mode: 0o644 })
  const isRoot = process.getuid?.() === 0
  const child = spawn(program, [...(isRoot ? ['-u', userOf()] : []), join(folder, 'ini')], { stdio: 'ignore' })
  undo.push(() => void child.kill('SIGKILL'))
  const url = `postgres://${api.username}:${api.password}@127.0.0.1:${port}/sis`
  for (let tries = 0; tries < 50; tries++) {
    const client = new pg.Client({ connectionString: url })
    try {
      await client.connect()
      await client.end()
      return { url, database }
    } catch {
      await sleep(100)
    }
  }
  throw new Error('PgBouncer does not answer')
}

const userOf = (): string => (spawnSync('id', ['-u', 'postgres']).status === 0 ? 'postgres' : 'nobody')

test('through PgBouncer in transaction mode no establishment reads another’s rows', async (t) => {
  const program = findProgram('pgbouncer')
  if (!requireTool(t, program, 'PgBouncer (apt-get install pgbouncer)')) return
  const { url, database } = await startBouncer(program)
  const tenancy = await createTenancy({ url, installation: database.installation, poolSize: 12, log: quiet })
  undo.push(() => tenancy.close())
  const tenants = slugs.map((slug) => {
    const found = tenancy.directory.findBySlug(slug)
    assert.ok(found)
    return tenancy.tenant(found)
  })
  const entry = (slug: string) => ({
    id: crypto.randomUUID(),
    actor_name: slug,
    actor_role: 'x',
    action: 'essai',
    outcome: 'success',
  })
  await Promise.all(
    tenants.map((tenant) =>
      tenant.transaction((db) => db.insertInto('audit_entry').values(entry(tenant.establishment.slug)).execute()),
    ),
  )
  const wrong = await Promise.all(
    Array.from({ length: 1_000 }, async (_, i) => {
      const tenant = tenants[i % tenants.length]
      assert.ok(tenant)
      const { slug } = tenant.establishment
      // Two statements, so that others get the server connections in between.
      const rows = await tenant.read(async (db) => {
        await db.selectFrom('audit_entry').select('id').execute()
        return db.selectFrom('audit_entry').select('actor_name').execute()
      })
      return rows.length === 0 || rows.some((row) => row.actor_name !== slug)
    }),
  )
  assert.equal(wrong.filter(Boolean).length, 0)

  // Control: the guide's way, a path set for the session, mixes at once on the same PgBouncer.
  const clients = await Promise.all(
    tenants.map(async ({ establishment }) => {
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      await client.query(`select set_config('search_path', $1, false)`, [establishment.schema])
      return { client, schema: establishment.schema }
    }),
  )
  const paths = await Promise.all(
    clients.map(async ({ client, schema }) => {
      const { rows } = await client.query<{ path: string }>(`select current_setting('search_path') as path`)
      await client.end()
      return rows[0]?.path === schema
    }),
  )
  assert.ok(paths.includes(false), 'a session-level path must be seen to leak, else this test shows nothing')
})
