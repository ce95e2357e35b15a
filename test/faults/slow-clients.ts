import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export type SlowClients = {
  /** How many connections the server still keeps. */
  open(): number
  /** Resolves with the milliseconds after which the last one was closed, or undefined after the deadline. */
  allClosed(deadlineMs: number): Promise<number | undefined>
  stop(): void
}

/**
 * Clients as slowhttptest has them: `headers` never end their header, `bodies` never end their body; each sends a little
 * now and then, so that none is silent for long.
 */
export function slowClients(port: number, kind: 'headers' | 'bodies', count: number): SlowClients {
  const start = performance.now()
  const open = new Set(
    Array.from({ length: count }, () => {
      const socket = connect({ port, host: '127.0.0.1' })
      socket.on('error', () => {})
      // A refusal is read, so that a close is seen.
      socket.on('data', () => {})
      socket.write(
        kind === 'headers'
          ? 'GET /health/live HTTP/1.1\r\nHost: sis\r\n'
          : 'POST /api/v1/auth/login HTTP/1.1\r\nHost: sis\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n{"a":"',
      )
      return socket
    }),
  )
  for (const socket of open) socket.on('close', () => open.delete(socket))
  const drip = setInterval(() => {
    for (const socket of open) socket.write(kind === 'headers' ? 'X-A: b\r\n' : 'a')
  }, 1_000)
  return {
    open: () => open.size,
    async allClosed(deadlineMs) {
      while (open.size > 0 && performance.now() - start < deadlineMs) await sleep(20)
      return open.size === 0 ? performance.now() - start : undefined
    },
    stop() {
      clearInterval(drip)
      for (const socket of open) socket.destroy()
    },
  }
}
