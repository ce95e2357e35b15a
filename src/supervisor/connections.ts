import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { roomFor } from './open-files.ts'

// About 20 kB each: 80 MB at most for those who only connect.
const mostConnections = 4_000

/**
 * Serves connections that the supervisor's door hands over, one at a time.
 * @param taken told of each that was taken, and whether another may come: not while `most` are open; told again when one has left
 */
export function takeConnections(
  server: Server,
  taken: (next: boolean) => void,
  most = roomFor(mostConnections),
): (connection: Socket | undefined) => void {
  let open = 0
  // From then on Node ends those that take too long (headersTimeout, requestTimeout).
  server.emit('listening')
  return (connection) => {
    // Undefined: its client has gone meanwhile.
    if (connection) {
      open++
      connection.once('close', () => {
        if (open-- === most) taken(true)
      })
      // As a connection of Node's own: whoever has said all still reads the answer.
      connection.allowHalfOpen = true
      server.emit('connection', connection)
    }
    taken(open < most)
  }
}
