import { connect, createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'

/** Where a connection to PostgreSQL breaks: COMMIT never arrives, or its answer does not. */
export type Cut = 'beforeCommit' | 'afterCommit'

export type Proxy = {
  port: number
  /** The next `count` transactions that reach COMMIT lose their connection there. @returns when all of them have */
  cutNext(cut: Cut, count: number): Promise<void>
  /** As afterCommit, but the connection stays silent until `release`: what happens meanwhile happens after COMMIT. */
  holdNext(count: number): { held: Promise<void>; release(): void }
  /** What was asked for and has not happened will not happen. */
  forget(): void
  close(): Promise<void>
}

type Plan = Cut | 'hold'

// Messages of PostgreSQL's extended protocol, alone or in a pipeline: Parse (P, length, name, text) tells what a statement is,
// Bind (B, length, portal, name) that it runs; the answer to COMMIT (C, …).
const parsed = /P[^]{4}(n\d*|)\0(?:begin isolation level [a-z ]+ read (write|only)|(commit))\0/gi
const bound = /B[^]{4}\0(n\d*|)\0/g
const commitAnswered = /C\0\0\0\x0bCOMMIT\0/

/** A TCP proxy in front of PostgreSQL that knows one thing: where the COMMIT of a write passes. */
export async function startProxy(target: number): Promise<Proxy> {
  const plans: { plan: Plan; done: () => void }[] = []
  const held = new Set<() => void>()
  const sockets = new Set<Socket>()

  const pass = (client: Socket): void => {
    const server = connect(target, '127.0.0.1')
    const cut = (): void => void (client.destroy(), server.destroy())
    let swallow: { plan: Plan; done: () => void } | undefined
    let writing = false
    const statements = new Map<string, string>()
    /** Whether a write's COMMIT is in it. */
    const commits = (text: string): boolean => {
      const found = [...text.matchAll(parsed), ...text.matchAll(bound)].sort((a, b) => a.index - b.index)
      return found.some(([, name = '', mode, commit]) => {
        if (mode ?? commit) return (statements.set(name, (mode ?? commit ?? '').toLowerCase()), false)
        const what = statements.get(name)
        if (name === '') statements.delete(name)
        if (what === 'write' || what === 'only') writing = what === 'write'
        return what === 'commit' && writing
      })
    }
    for (const socket of [client, server]) {
      sockets.add(socket.setNoDelay(true))
      // A reset is passed on as the end of the other side.
      socket.on('error', cut).on('close', () => (sockets.delete(socket), cut(), swallow?.done()))
    }
    client.on('data', (chunk) => {
      const next = commits(chunk.toString('latin1')) ? plans.shift() : undefined
      if (next?.plan === 'beforeCommit') return (cut(), next.done())
      swallow = next
      server.write(chunk)
    })
    server.on('data', (chunk) => {
      if (!swallow) return void client.write(chunk)
      if (!commitAnswered.test(chunk.toString('latin1'))) return
      if (swallow.plan === 'hold') held.add(cut)
      else cut()
      swallow.done()
    })
  }

  const take = (plan: Plan, count: number): Promise<void> =>
    Promise.all(Array.from({ length: count }, () => new Promise<void>((done) => plans.push({ plan, done })))).then(
      () => {},
    )
  const server: Server = createServer(pass)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as { port: number }).port,
    cutNext: take,
    holdNext: (count) => ({
      held: take('hold', count),
      release() {
        for (const cut of held) cut()
        held.clear()
      },
    }),
    forget: () => void plans.splice(0),
    async close() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
