import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import test from 'node:test'
import {
  childrenOf,
  isRunning,
  newDataDir,
  postmasterOf,
  processesIn,
  sis,
  statusOf,
  until,
  type SisProcess,
} from './sis-process.ts'

// Real processes, as `npm start` runs them. One after the other: they would only slow each other down.
const demoOff = { SIS_DEMO: 'off', SIS_WORKERS: '1' }

const keysOf = async ({ url }: SisProcess): Promise<string> => (await fetch(`${url}/.well-known/jwks.json`)).text()
const sentenceOf = (process: SisProcess): string[] => process.output().split('\n').filter((line) => line && !/^(SIS démarre|Compilation)/.test(line)) // prettier-ignore

test('it starts in an empty folder, stops on Ctrl-C and finds its data again', async (t) => {
  const dataDir = newDataDir(t)
  const first = sis(t, ['serve'], { ...demoOff, SIS_DATA_DIR: dataDir })
  await first.ready()
  const keys = await keysOf(first)
  assert.match(keys, /Ed25519/)
  assert.equal(await statusOf(first.url.replace('127.0.0.1', '[::1]') + '/health/live'), (await hasIpv6()) ? 200 : 0)
  const { mode } = statSync(dataDir)
  assert.equal(mode & 0o077, 0)
  for (const name of readdirSync(dataDir)) assert.equal(statSync(join(dataDir, name)).mode & 0o077, 0, name)

  // The terminal and npm both send it: twice at once is one wish.
  first.signal('SIGINT')
  first.signal('SIGINT')
  const second = sis(t, ['serve'], { ...demoOff, SIS_DATA_DIR: dataDir })
  assert.equal(await first.exit, 0, first.output())
  assert.match(first.output(), /SIS est arrêté/)
  // The second one came while the first held the folder, or just after: either is told in a sentence, never a crash.
  const early = await Promise.race([second.exit, second.ready().then(() => 'ready' as const)])
  const third = early === 'ready' ? second : sis(t, ['serve'], { ...demoOff, SIS_DATA_DIR: dataDir })
  if (early !== 'ready') assert.match(second.output(), /SIS utilise déjà le dossier/)
  await third.ready()
  assert.equal(await keysOf(third), keys)
  third.signal('SIGTERM')
  assert.equal(await third.exit, 0)
  assert.deepEqual(processesIn(join(dataDir, 'postgres')), [])
  assert.equal(existsSync(join(dataDir, 'sis.lock')), false)
})

test(
  'the owner’s address never reaches an HTTP process',
  { skip: process.platform !== 'linux' && 'reads /proc' },
  async (t) => {
    const dataDir = newDataDir(t)
    const running = sis(t, ['serve'], {
      ...demoOff,
      SIS_DATA_DIR: dataDir,
      SIS_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    })
    await running.ready()
    const [worker] = childrenOf(running.pid).filter(({ command }) => command.includes('server'))
    assert.ok(worker)
    const environment = readFileSync(`/proc/${worker.pid}/environ`, 'utf8')
    assert.match(environment, /PATH=/)
    assert.doesNotMatch(environment + worker.command, /SIS_|DATABASE_URL|postgres:/)
    const password = readFileSync(join(dataDir, 'postgres-password'), 'utf8').trim()
    assert.equal(
      childrenOf(running.pid).some(({ command }) => command.includes(password)),
      false,
    )
  },
)

test(
  'whatever is killed comes back, and nothing is left behind',
  { skip: process.platform !== 'linux' && 'reads /proc' },
  async (t) => {
    const dataDir = newDataDir(t)
    const cluster = join(dataDir, 'postgres')
    const running = sis(t, ['serve'], { ...demoOff, SIS_DATA_DIR: dataDir })
    await running.ready()
    const keys = await keysOf(running)

    await t.test('the database: 503, then ready again', async () => {
      const before = postmasterOf(dataDir)
      const port = Number(portOf(dataDir))
      process.kill(before, 'SIGKILL')
      // Restarting takes a fifth of a second; while its port is taken it cannot succeed, and what is answered can be seen.
      const impostor = await until(() => listenOn(port))
      assert.equal(await login(running), 503)
      impostor.close()
      await until(async () => ((await login(running)) === 401 ? true : undefined))
      assert.notEqual(postmasterOf(dataDir), before)
      assert.equal(await keysOf(running), keys)
    })

    await t.test('an HTTP process: replaced', async () => {
      const [worker] = childrenOf(running.pid).filter(({ command }) => command.includes('server'))
      assert.ok(worker)
      process.kill(worker.pid, 'SIGKILL')
      await until(() => /Un processus HTTP s’est arrêté/.test(running.output()) || undefined)
      await running.status('/health/ready', 200)
    })

    await t.test(
      'the supervisor: its processes go, the database stops by itself, the next start finds everything',
      async () => {
        const children = childrenOf(running.pid).map(({ pid }) => pid)
        running.signal('SIGKILL')
        await running.exit
        const next = sis(t, ['serve'], { ...demoOff, SIS_DATA_DIR: dataDir })
        await next.ready()
        assert.equal(await keysOf(next), keys)
        await until(() => children.every((pid) => !isRunning(pid)) || undefined)
        next.signal('SIGINT')
        await next.exit
      },
    )

    await t.test('whoever reads its output: it goes on, replaces its processes, and ends when it is told', async () => {
      const unread = sis(t, ['serve'], { ...demoOff, SIS_DATA_DIR: dataDir })
      await unread.ready()
      unread.hangUp()
      const worker = () => childrenOf(unread.pid).find(({ command }) => command.includes('server'))?.pid
      const killed = worker()
      assert.ok(killed)
      process.kill(killed, 'SIGKILL')
      await until(() => (worker() ?? killed) !== killed || undefined)
      await unread.status('/health/ready', 200)
      unread.signal('SIGINT')
      assert.equal(await unread.exit, 0)
    })

    await t.test('the supervisor and the database’s guard: the orphan is stopped, then started again', async () => {
      const lonely = sis(t, ['serve'], { ...demoOff, SIS_DATA_DIR: dataDir })
      await lonely.ready()
      const orphan = postmasterOf(dataDir)
      for (const { pid, command } of childrenOf(lonely.pid))
        if (command.includes('sis-guard')) process.kill(pid, 'SIGKILL')
      lonely.signal('SIGKILL')
      await lonely.exit
      assert.ok(isRunning(orphan))
      const next = sis(t, ['serve'], { ...demoOff, SIS_DATA_DIR: dataDir })
      await next.ready()
      assert.match(next.output(), /restée seule, a été arrêtée proprement/)
      assert.equal(processesIn(cluster).includes(orphan), false)
      assert.equal(await keysOf(next), keys)
      next.signal('SIGINT')
      await next.exit
    })

    await t.test('a lock file whose number now belongs to another process', async () => {
      writeFileSync(join(cluster, 'postmaster.pid'), `${process.pid}\n${cluster}\n1\n1\n\n\n\n`, { mode: 0o600 })
      writeFileSync(
        join(dataDir, 'sis.lock'),
        JSON.stringify({ pid: process.pid, birth: 'another boot/1', what: 'serve' }),
      )
      const next = sis(t, ['serve'], { ...demoOff, SIS_DATA_DIR: dataDir })
      await next.ready()
      next.signal('SIGINT')
      assert.equal(await next.exit, 0)
      assert.deepEqual(processesIn(cluster), [])
    })
  },
)

test('a request that is under way is answered before the end', async (t) => {
  const running = sis(t, ['serve'], { ...demoOff, SIS_DATA_DIR: newDataDir(t) })
  await running.ready()
  const { port } = new URL(running.url)
  const body = JSON.stringify({ username: 'personne', password: 'un mot de passe inconnu' })
  const socket = connect(Number(port), '127.0.0.1')
  await once(socket, 'connect')
  let said = ''
  socket.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const closed = once(socket, 'close')
  socket.write(
    `POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n`,
  )
  // It has read the head: another process of it may answer before.
  await until(() => said.startsWith('HTTP/1.1 100 Continue\r\n\r\n') || undefined)
  socket.write(body.slice(0, 10))
  running.signal('SIGTERM')
  await running.status('/health/live', 0)
  socket.write(body.slice(10))
  await closed
  assert.match(said, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 401 /)
  assert.equal(await running.exit, 0)
})

test('what prevents a start is one clear sentence and exit code 1', async (t) => {
  const dataDir = newDataDir(t)
  const running = sis(t, ['serve'], { ...demoOff, SIS_DATA_DIR: dataDir })
  await running.ready()
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.after(() => void other.close())
  const taken = String((other.address() as { port: number }).port)
  const file = join(newDataDir(t), '..', 'fichier')
  writeFileSync(file, '')

  const cases: [string, Record<string, string>, RegExp[]][] = [
    ['another instance', { SIS_DATA_DIR: dataDir }, [/^SIS utilise déjà le dossier .*processus \d+, http:\/\/localhost/]],
    ['a port that is taken', { PORT: taken, SIS_DATA_DIR: newDataDir(t) }, [/^Le port \d+ est déjà utilisé/]],
    ['an address of another machine', { HOST: '192.0.2.1', SIS_DATA_DIR: newDataDir(t) }, [/^HOST=192\.0\.2\.1 n’est pas une adresse/]],
    ['a data folder that is a file', { SIS_DATA_DIR: file }, [/^Impossible d’écrire dans .*fichier/]],
    ['wrong settings, all at once', { PORT: 'abc', DATABASE_URL: 'mysql://x', SIS_MASTER_KEY: 'court' }, [/^PORT=abc /, /^DATABASE_URL : /, /^SIS_MASTER_KEY : /]],
    ['nobody at DATABASE_URL', { DATABASE_URL: `postgres://sis:secret@127.0.0.1:${await closedPort()}/sis`, SIS_DATA_DIR: newDataDir(t) }, [/^Base de données 127\.0\.0\.1:\d+\/sis : aucun PostgreSQL ne répond/]],
    ['a machine that does not exist', { DATABASE_URL: 'postgres://sis:secret@nulle-part.invalid/sis', SIS_DATA_DIR: newDataDir(t) }, [/^Base de données nulle-part\.invalid\/sis : ce nom de machine/]],
    ['a wrong password', { DATABASE_URL: `postgres://postgres:secret@127.0.0.1:${portOf(dataDir)}/sis`, SIS_DATA_DIR: newDataDir(t) }, [/mot de passe est refusé/]],
  ] // prettier-ignore
  for (const [name, environment, sentences] of cases) {
    await t.test(name, async () => {
      const refused = sis(t, ['serve'], { ...demoOff, ...environment })
      assert.equal(await refused.exit, 1, refused.output())
      const lines = sentenceOf(refused)
      assert.equal(lines.length, sentences.length, refused.output())
      sentences.forEach((sentence, index) => assert.match(lines[index] ?? '', sentence))
      assert.doesNotMatch(refused.output(), /secret|court/)
    })
  }
  assert.equal(await statusOf(`${running.url}/health/ready`), 200)
})

async function login({ url }: SisProcess): Promise<number> {
  const body = JSON.stringify({ username: 'personne', password: 'un mot de passe inconnu' })
  const headers = { 'content-type': 'application/json' }
  return (await fetch(`${url}/api/v1/auth/login`, { method: 'POST', headers, body })).status
}

/** Takes a port and hangs up on whoever calls; undefined when it is not free yet. */
function listenOn(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy()).once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

const portOf = (dataDir: string): string =>
  readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[3] ?? ''

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

function hasIpv6(): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false))
    server.listen(0, '::1', () => server.close(() => resolve(true)))
  })
}
