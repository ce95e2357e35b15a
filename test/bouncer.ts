import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { freePort } from '../src/supervisor/postgres.ts'
import type { TestDatabase } from './cluster.ts'

export type Bouncer = { url: string; stop(): Promise<void> }

/**
 * PgBouncer in transaction mode, for the pools' login.
 * @param size its server connections; fewer than clients, so that every transaction may meet any of them
 */
export async function startBouncer(program: string, database: TestDatabase, size = 3): Promise<Bouncer> {
  const folder = mkdtempSync(join(tmpdir(), 'sis-pgbouncer-'))
  chmodSync(folder, 0o755)
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
    `default_pool_size = ${size}`,
    'max_client_conn = 300',
    'unix_socket_dir =',
    'ignore_startup_parameters = extra_float_digits',
  ]
  writeFileSync(join(folder, 'ini'), `${settings.join('\n')}\n`, { mode: 0o644 })
  const isRoot = process.getuid?.() === 0
  const child = spawn(program, [...(isRoot ? ['-u', userOf()] : []), join(folder, 'ini')], { stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  const url = `postgres://${api.username}:${api.password}@127.0.0.1:${port}/sis`
  for (let tries = 0; tries < 50; tries++) {
    const client = new pg.Client({ connectionString: url })
    try {
      await client.connect()
      await client.end()
      return { url, stop }
    } catch {
      await sleep(100)
    }
  }
  await stop()
  throw new Error('PgBouncer does not answer')
}

// PgBouncer refuses to run as root.
const userOf = (): string => (spawnSync('id', ['-u', 'postgres']).status === 0 ? 'postgres' : 'nobody')
