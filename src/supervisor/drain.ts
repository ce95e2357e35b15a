import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { whenClosed } from '../platform/http/endings.ts'
import { Present } from '../shared/present.ts'

// Who works sends the next request sooner; a browser that only keeps a connection holds us up no longer than this.
const silentMs = 1_000

/** Ends a server when everybody has been answered. */
export type Drain = () => Promise<void>

/**
 * Follows an HTTP server's connections, so that its end cuts nobody off. Node's close() ends every idle connection at once: a
 * request that is already on its way there is reset, and a POST that was reset is not repeated by a browser (RFC 9112, 9.6).
 * So for a second each connection may bring one more request, whose answer says `Connection: close`; only those that stayed
 * silent are ended, and the rest is waited for.
 */
export function followConnections(app: FastifyInstance): Drain {
  const { server } = app
  const since = new Map<Socket, number>()
  const unanswered = new Present<ServerResponse>()
  let ending = false

  server.on('connection', (socket: Socket) => {
    since.set(socket, performance.now())
    socket.once('close', () => since.delete(socket))
  })
  server.prependListener('request', (_, response: ServerResponse) => {
    if (ending) response.setHeader('connection', 'close')
    whenClosed(response, unanswered.enter(response))
  })

  // A connection that never said a word counts as busy for Node: without this a browser's spare one takes the whole bound.
  const endSilent = (): void => {
    for (const [socket, opened] of since)
      if (socket.bytesRead === 0 && performance.now() - opened > silentMs) socket.destroy()
    server.closeIdleConnections()
  }

  // Node's server waits for connections that it accepted itself, not for these. After what ends the streams of others (the
  // hooks of routes run in their order), before what the answers still need is closed.
  app.register(async (last) => {
    last.addHook('preClose', async () => {
      while (since.size > 0) await sleep(20)
    })
  })

  return async () => {
    ending = true
    for (const response of unanswered.all()) if (!response.headersSent) response.setHeader('connection', 'close')
    for (const end = performance.now() + silentMs; since.size > 0 && performance.now() < end;) await sleep(20)
    const sweep = setInterval(endSilent, 100)
    await app.close().finally(() => clearInterval(sweep))
  }
}
