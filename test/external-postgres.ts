import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { freePort } from '../src/supervisor/postgres.ts'
import { userFor } from '../src/supervisor/run-as.ts'

export type ExternalPostgres = {
  url(database: string): string
  /** What the server wrote. */
  log(): string
  stop(): Promise<void>
}

/** Starts an installed PostgreSQL 15 or later by its own programs, as its distribution would. @param bin its bin folder */
export async function startExternal(bin: string): Promise<ExternalPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'sis-external-'))
  chmodSync(folder, 0o755)
  const directory = join(folder, 'cluster')
  mkdirSync(directory, { mode: 0o700 })
  const user = userFor(directory)
  if (user) chownSync(directory, user.uid, user.gid)
  const as = { cwd: '/', env: { LC_ALL: 'C' }, ...(user && { uid: user.uid, gid: user.gid }) }
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, 'external\n', { mode: 0o644 })
  const made = spawnSync(
    join(bin, 'initdb'),
    [
      '-D',
      directory,
      '-U',
      'postgres',
      '-E',
      'UTF8',
      '--locale=C',
      '-A',
      'scram-sha-256',
      '--pwfile',
      passwordFile,
      '--no-sync',
    ],
    as,
  )
  if (made.status !== 0) throw new Error(String(made.stderr))
  const port = await freePort()
  const log = openSync(join(folder, 'log'), 'a')
  const child = spawn(
    join(bin, 'postgres'),
    ['-D', directory, '-p', String(port), '-k', directory, '-c', 'fsync=off'],
    { ...as, stdio: ['ignore', log, log] },
  )
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const url = (database: string): string => `postgres://postgres:external@127.0.0.1:${port}/${database}`
  for (let tries = 0; ; tries++) {
    const client = new pg.Client({ connectionString: url('postgres') })
    try {
      await client.connect()
      await client.end()
      break
    } catch (error) {
      if (tries > 100) throw error
      await sleep(100)
    }
  }
  return {
    url,
    log: () => readFileSync(join(folder, 'log'), 'utf8'),
    async stop() {
      child.kill('SIGQUIT')
      await exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
