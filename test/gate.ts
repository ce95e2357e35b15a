import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export type Gate = {
  port: number
  /** Cuts what is connected and hangs up on whoever comes, or lets nothing through without a word (a cable pulled out). */
  shut(how: 'cut' | 'silent'): void
  /** New connections pass again; silent ones stay silent, as those of a network that was away do. */
  open(): void
  close(): Promise<void>
}

/** A door in front of a server on the loopback. */
export async function startGate(target: number): Promise<Gate> {
  const sockets = new Set<Socket>()
  let state: 'open' | 'cut' | 'silent' = 'open'
  const server = createServer((client) => {
    if (state === 'cut') return void client.destroy()
    const pair = [client, connect(target, '127.0.0.1')]
    for (const socket of pair) {
      sockets.add(socket)
      const end = (): void => pair.forEach((one) => one.destroy())
      socket.on('error', end).on('close', () => (sockets.delete(socket), end()))
    }
    if (state === 'silent') return
    client.pipe(pair[1]!)
    pair[1]!.pipe(client)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as { port: number }).port,
    shut(how) {
      state = how
      for (const socket of sockets)
        if (how === 'cut') socket.destroy()
        else socket.unpipe().pause()
    },
    open: () => void (state = 'open'),
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
