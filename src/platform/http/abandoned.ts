import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { Present } from '../../shared/present.ts'
import { whenClosed } from './endings.ts'

// Node closes a connection 5 s after its last answer, and a header that takes more than 5 s; it looks once a second.
const idleMs = 11_000

type Followed = { unanswered: Present<ServerResponse>; idleSince: number }

/**
 * What Node leaves open. Of requests that were sent ahead (pipelining) only the first has the connection; the others would
 * never hear that it ended, and what they hold (places, files that are being written) would stay taken. And line breaks
 * between two requests, which a server skips (RFC 9112 2.2), put off every bound of Node's for as long as they come.
 */
export function registerAbandoned(app: FastifyInstance): void {
  const connections = new Map<Socket, Followed>()
  const { server } = app
  server.on('connection', (socket) => {
    const followed: Followed = { unanswered: new Present(), idleSince: performance.now() }
    connections.set(socket, followed)
    socket.once('close', () => {
      connections.delete(socket)
      for (const answer of followed.unanswered.all()) if (!answer.socket) giveUp(answer)
    })
  })
  server.prependListener('request', ({ socket }, answer: ServerResponse) => {
    const followed = connections.get(socket)
    if (!followed) return
    const leave = followed.unanswered.enter(answer)
    whenClosed(answer, () => {
      leave()
      followed.idleSince = performance.now()
    })
  })
  const sweep = setInterval(() => {
    const before = performance.now() - idleMs
    for (const [socket, { unanswered, idleSince }] of connections)
      if (unanswered.size === 0 && idleSince < before) socket.destroy()
  }, 1_000).unref()
  app.addHook('onClose', async () => clearInterval(sweep))
}

/** As Node does for the answer that has the connection; whoever looks at it later must see it as well. */
function giveUp(answer: ServerResponse): void {
  if (answer.closed) return
  Object.assign(answer, { destroyed: true, _closed: true })
  answer.emit('close')
}
