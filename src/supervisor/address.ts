import { createServer, type AddressInfo, type Server } from 'node:net'
import { codeOf, Failure } from './failure.ts'

/** The addresses that a HOST means: localhost is both families. */
const addressesOf = (host: string): string[] => (host === 'localhost' ? ['127.0.0.1', '::1'] : [host])

/** Where a browser finds us. */
export function urlOf(host: string, port: number): string {
  const name = ['0.0.0.0', '::', 'localhost'].includes(host) ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${port}`
}

const sentences: Record<string, (host: string, port: number) => string> = {
  EADDRINUSE: (host, port) =>
    `Le port ${port} est déjà utilisé sur ${host} : arrêtez l’autre programme, ou choisissez un autre port, par exemple PORT=${port + 1} npm start.`,
  EACCES: (_, port) =>
    `Cet utilisateur n’a pas le droit d’ouvrir le port ${port} : choisissez un port à partir de 1024.`,
  EADDRNOTAVAIL: (host) => `HOST=${host} n’est pas une adresse de cette machine.`,
  ENOTFOUND: (host) => `HOST=${host} : ce nom de machine est inconnu.`,
  EAI_AGAIN: (host) => `HOST=${host} : ce nom de machine ne peut pas être résolu.`,
}

/**
 * Tries the port before anything is started. @returns the port, chosen by the system for 0
 * @throws Failure with one sentence when it cannot be had
 */
export async function reservePort(host: string, port: number): Promise<number> {
  const probes = await listenOnAll(host, port, () => createServer())
  const chosen = portOf(probes[0])
  await Promise.all(probes.map((probe) => new Promise((resolve) => probe.close(resolve))))
  return chosen
}

/**
 * A server on each of a host's addresses, on the same port (0: one that the system chooses).
 * @throws Failure with one sentence when it cannot be had
 */
export async function listenOnAll(host: string, port: number, make: () => Server): Promise<Server[]> {
  const servers: Server[] = []
  let chosen = port
  for (const address of addressesOf(host)) {
    try {
      const server = await listen(make(), address, chosen)
      chosen = portOf(server)
      servers.push(server)
    } catch (error) {
      const code = codeOf(error) ?? ''
      // A machine without IPv6 has no ::1; the first address has been had.
      if (servers.length > 0 && ['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL'].includes(code)) continue
      for (const server of servers) server.close()
      const sentence = sentences[code]
      if (!sentence) throw error
      throw new Failure(sentence(host, chosen), { cause: error })
    }
  }
  return servers
}

// All that arrive while we are busy for a moment; the kernel's own bound (net.core.somaxconn) is 4,096 on most machines.
const backlog = 4_096

function listen(server: Server, host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, backlog }, () => resolve(server.off('error', reject)))
  })
}

const portOf = (server: Server | undefined): number => (server?.address() as AddressInfo | undefined)?.port ?? 0
