import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export type SlowClients = {
  /** How many connections the server still keeps. */
  open(): number
  /** Resolves with the milliseconds after which the last one was closed, or undefined after the deadline. */
  allClosed(deadlineMs: number): Promise<number | undefined>
  stop(): void
}

const beginnings = {
  headers: 'GET /health/live HTTP/1.1\r\nHost: sis\r\n',
  bodies:
    'POST /api/v1/auth/login HTTP/1.1\r\nHost: sis\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n{"a":"',
  breaks: 'GET /health/live HTTP/1.1\r\nHost: sis\r\n\r\n',
}
const pieces = { headers: 'X-A: b\r\n', bodies: 'a', breaks: '\r\n' }

/**
 * Clients as slowhttptest has them: `headers` never end their header, `bodies` never end their body, `breaks` send line
 * breaks after a whole request; each sends a little now and then, so that none is silent for long.
 */
export function slowClients(port: number, kind: keyof typeof beginnings, count: number): SlowClients {
  const start = performance.now()
  const open = new Set(
    Array.from({ length: count }, () => {
      const socket = connect({ port, host: '127.0.0.1' })
      socket.on('error', () => {})
      // A refusal is read, so that a close is seen.
      socket.on('data', () => {})
      socket.write(beginnings[kind])
      return socket
    }),
  )
  for (const socket of open) socket.on('close', () => open.delete(socket))
  const drip = setInterval(() => {
    for (const socket of open) socket.write(pieces[kind])
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

/** Begins a download, does not read for a while, then takes the rest. */
export async function interruptedDownload(
  port: number,
  request: string,
  pauseMs: number,
): Promise<{ head: string; bytes: number; isWhole: boolean }> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.write(request)
  let [head, tail, bytes] = ['', '', 0]
  const isWhole = (): boolean => tail.endsWith('\r\n0\r\n\r\n')
  const ended = new Promise<void>((resolve) => {
    socket.on('error', () => {}).on('close', resolve)
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      tail = (tail + chunk.toString('latin1')).slice(-7)
      if (isWhole()) resolve()
      if (head) return
      head = chunk.toString('latin1')
      socket.pause()
      setTimeout(() => socket.resume(), pauseMs)
    })
  })
  await ended
  socket.destroy()
  return { head, bytes, isWhole: isWhole() }
}

/** Asks for something and never reads it. */
export function stalledReader(port: number, request: string): Socket {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  socket.pause()
  socket.write(request)
  // A socket that is not read learns of its end by what it sends.
  const probe = setInterval(() => socket.write('\r\n'), 2_000).unref()
  socket.on('close', () => clearInterval(probe))
  return socket
}
