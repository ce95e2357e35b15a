import { createServer } from 'node:net'
import { codeOf, Failure } from './failure.ts'

/** The addresses that a HOST means: localhost is both families. */
export const addressesOf = (host: string): string[] => (host === 'localhost' ? ['127.0.0.1', '::1'] : [host])

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
  let chosen = port
  for (const [index, address] of addressesOf(host).entries()) {
    try {
      chosen = await tryPort(address, chosen)
    } catch (error) {
      const code = codeOf(error) ?? ''
      // A machine without IPv6 has no ::1; the first address has been had.
      if (index > 0 && ['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL'].includes(code)) continue
      const sentence = sentences[code]
      if (!sentence) throw error
      throw new Failure(sentence(host, chosen), { cause: error })
    }
  }
  return chosen
}

function tryPort(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen({ host, port }, () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : port))
    })
  })
}
