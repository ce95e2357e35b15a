import { existsSync, readdirSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

// The embedded server also listens on a Unix socket in its cluster's folder, which only its owner (and root) may enter. Over
// the loopback one by id cost Node 369 µs and PostgreSQL 231, so 335 and 174; a list 1,203 and 456, so 1,077 and 345
// (processor time, medians of 14 turns on a busy machine). TCP stays for psql, and where a socket does not work.

/** As PostgreSQL names it (src/include/libpq/pqcomm.h), and the file that holds its place. */
const socketName = /^\.s\.PGSQL\.\d+(\.lock)?$/
// sun_path of unix(7), and of macOS, less the zero at its end.
const mostBytes = process.platform === 'linux' ? 107 : 103

const fits = (cluster: string): boolean => Buffer.byteLength(join(cluster, '.s.PGSQL.65535')) <= mostBytes

/** What a server that was killed left; none may run on this cluster. */
export function clearSockets(cluster: string): void {
  for (const name of readdirSync(cluster)) if (socketName.test(name)) rmSync(join(cluster, name), { force: true })
}

/**
 * Whether a program of ours can be reached through a socket in this folder: its path may be too long, its file system may
 * hold none (as of some virtual machines), its owner's folder may be closed to us, and Node knows none on Windows.
 */
export async function canHoldSocket(cluster: string): Promise<boolean> {
  if (process.platform === 'win32' || !fits(cluster)) return false
  // Left by one that was killed at this moment, it would be taken for a socket in use.
  const path = join(cluster, '.s.sis')
  rmSync(path, { force: true })
  const server = createServer((socket) => socket.destroy())
  const answers = new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(path, () => {
      const socket = connect(path, () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
  })
  try {
    return await Promise.race([answers, sleep(1_000, false, { ref: false })])
  } finally {
    server.close()
    rmSync(path, { force: true })
  }
}

/**
 * The same address, through the socket of a cluster where this process finds one; host and port stay in it for those who
 * read them, and PostgreSQL's own programs understand it too.
 */
export const throughSocket = (url: string, cluster: string, port: number): string =>
  fits(cluster) && existsSync(join(cluster, `.s.PGSQL.${port}`)) ? `${url}?host=${encodeURIComponent(cluster)}` : url
