import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { silentLog } from '#tenancy'
import type { Binaries } from './binaries.ts'
import { database, explain, launch, superuser } from './cluster.ts'
import { Failure, onDisk } from './failure.ts'
import { readPostmaster } from './postmaster.ts'

/** A PostgreSQL that we started. `exited` resolves when its first process ends, whatever the reason. */
export type Postgres = {
  pid: number
  port: number
  exited: Promise<void>
  /** Fast: sessions are ended, everything is written. Immediate: as if the power went, recovered at the next start. */
  stop(how?: 'fast' | 'immediate'): Promise<void>
}

export type PostgresOptions = {
  port: number
  /** Whether it also listens on a Unix socket, in the cluster's folder (socket.ts). */
  socket?: boolean
  /** Where the server's messages go; opened by us, so it may lie where the server's user cannot enter. */
  logFile: string
  /** More or other settings, for example { fsync: 'off' } in tests. */
  settings?: Record<string, string | number>
}

const settings: Record<string, string | number> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: 100,
  shared_buffers: '128MB',
  // A migration or a dump of many schemas holds a lock per table.
  max_locks_per_transaction: 256,
  password_encryption: 'scram-sha-256',
  timezone: 'UTC',
  log_timezone: 'UTC',
  ...silentLog,
}

/** The address of the cluster's database for its superuser. */
export const urlOf = (port: number, password: string, name = database): string =>
  `postgres://${superuser}:${encodeURIComponent(password)}@127.0.0.1:${port}/${name}`

/**
 * Starts PostgreSQL on a cluster and resolves when it accepts connections.
 * Its own session: Ctrl-C must reach the supervisor, which first lets requests finish.
 * @throws Failure with one sentence when it ends before
 */
export async function startPostgres(
  binaries: Binaries,
  directory: string,
  options: PostgresOptions,
): Promise<Postgres> {
  const { seenAs, options: how } = launch(directory)
  const log = onDisk(options.logFile, () => openSync(options.logFile, 'a', 0o600))
  const before = fstatSync(log).size
  let child: ChildProcess
  try {
    const all = {
      ...settings,
      // PostgreSQL works in the cluster's folder: so named, neither its length nor the folders above it matter.
      ...(options.socket && { unix_socket_directories: '.', unix_socket_permissions: '0700' }),
      ...options.settings,
      port: options.port,
    }
    const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    child = spawn(binaries.postgres, ['-D', seenAs, ...flags], { ...how, detached: true, stdio: ['ignore', log, log] })
  } finally {
    closeSync(log)
  }
  let ended = false
  const exited = new Promise<void>((resolve) => {
    const end = () => ((ended = true), resolve())
    child.once('exit', end).once('error', end)
  })
  const pid = child.pid
  const isReady = () => {
    const found = readPostmaster(directory)
    return found?.pid === pid && found?.ready
  }
  while (!ended && !isReady()) await Promise.race([exited, sleep(10)])
  if (ended || pid === undefined) throw new Failure(explain(readFrom(options.logFile, before), directory))
  const release = guard(pid)
  void exited.then(release)
  return {
    pid,
    port: options.port,
    exited,
    stop: async (how = 'fast') => {
      if (!ended) child.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT')
      await exited
    },
  }
}

/**
 * A shell that waits for our end of a pipe to close, which happens even when we are killed by kill -9, and then stops
 * the database: nothing is left behind. Ending it ourselves disarms it.
 */
function guard(pid: number): () => void {
  const shell = spawn('/bin/sh', ['-c', 'read _; kill -INT "$1"', 'sis-guard', String(pid)], {
    detached: true,
    env: {},
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  shell.once('error', () => {})
  shell.unref()
  shell.stdin?.once('error', () => {})
  ;(shell.stdin as unknown as { unref?: () => void })?.unref?.()
  return () => shell.kill('SIGKILL')
}

function readFrom(path: string, position: number): string {
  const handle = openSync(path, 'r')
  try {
    const buffer = Buffer.alloc(Math.min(Math.max(fstatSync(handle).size - position, 0), 65_536))
    readSync(handle, buffer, 0, buffer.length, position)
    return buffer.toString('utf8')
  } finally {
    closeSync(handle)
  }
}

/** A port of the loopback that is free now, below the range that the system gives to outgoing connections. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = 15_000 + Math.floor(Math.random() * 17_000)
    if (await isFree(port, '127.0.0.1')) return port
  }
  throw new Failure('Aucun port libre n’a été trouvé sur 127.0.0.1.')
}

export function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)))
  })
}
