import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { codeOf, Failure } from '../failure.ts'
import { contentTypes, exposition, formatFor } from './exposition.ts'
import type { Family } from '../../shared/meters.ts'

export type MetricsServer = { url: string; close(): void }

const loopback = ['127.0.0.1', '::1']
const withoutAddress = ['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL']

const sentences: Record<string, (port: number, host: string) => string> = {
  EADDRINUSE: (port, host) =>
    `SIS_METRICS_PORT=${port} : ce port est déjà utilisé sur ${host} ; arrêtez l’autre programme, ou choisissez un autre port.`,
  EACCES: (port) =>
    `SIS_METRICS_PORT=${port} : cet utilisateur n’a pas le droit d’ouvrir ce port ; choisissez un port à partir de 1024.`,
}

/**
 * Serves `GET /metrics` on the loopback only, both families where they are.
 * @param port 0 for a free one
 * @param read all numbers
 * @throws Failure with one sentence when the port cannot be had
 */
export async function serveMetrics(port: number, read: () => Promise<Family[]>): Promise<MetricsServer> {
  const servers: Server[] = []
  const close = (): void => {
    for (const server of servers) server.close().closeAllConnections()
  }
  let chosen = port
  for (const host of loopback) {
    const server = makeServer(read)
    try {
      chosen = await listen(server, host, chosen)
      servers.push(server)
    } catch (error) {
      const code = codeOf(error) ?? ''
      if (servers.length > 0 && withoutAddress.includes(code)) continue
      close()
      const sentence = sentences[code]
      throw sentence ? new Failure(sentence(chosen, host), { cause: error }) : error
    }
  }
  return { url: `http://127.0.0.1:${chosen}/metrics`, close }
}

function makeServer(read: () => Promise<Family[]>): Server {
  const limits = { headersTimeout: 5_000, requestTimeout: 5_000, connectionsCheckingInterval: 1_000 }
  const server = createServer({ ...limits, keepAliveTimeout: 5_000, maxHeaderSize: 8_192 }, (request, response) => {
    void answer(request, response, read).catch(() => refuse(response, 500))
  })
  server.maxConnections = 16
  // Whoever reads slowly, or only connects.
  return server.setTimeout(10_000)
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  read: () => Promise<Family[]>,
): Promise<void> {
  const { method, url = '', headers } = request
  if (url.split('?', 1)[0] !== '/metrics') return refuse(response, 404)
  if (method !== 'GET' && method !== 'HEAD') return refuse(response, 405)
  if (headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0')
    return refuse(response, 413)
  const format = formatFor(headers.accept)
  const text = exposition(await read(), format)
  response.writeHead(200, {
    'content-type': contentTypes[format],
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  })
  response.end(method === 'HEAD' ? undefined : text)
}

/** What it brought is not read. */
function refuse(response: ServerResponse, status: number): void {
  if (response.headersSent) return void response.destroy()
  response.writeHead(status, {
    'content-length': 0,
    connection: 'close',
    ...(status === 405 && { allow: 'GET, HEAD' }),
  })
  response.end()
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.off('error', reject).on('error', () => {})
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : port)
    })
  })
}
