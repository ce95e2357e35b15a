import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import pg from 'pg'
import { clusterPassword, preparedTemplate } from '../../test/cluster.ts'
import { atEnd, removeFolder } from '../../test/ending.ts'
import { until } from '../../test/sis-process.ts'
import { copyCluster } from './cluster.ts'
import { findRunning, startEmbedded, type Embedded } from './embedded.ts'
import { readPostmaster } from './postmaster.ts'

/** A data folder, closed to all but its owner, whose database was made before. */
async function dataFolder(t: TestContext, name = 'data'): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sis-socket-'))
  atEnd(t, () => removeFolder(folder))
  const dataDir = join(folder, name)
  mkdirSync(dataDir, { mode: 0o700 })
  writeFileSync(join(dataDir, 'postgres-password'), clusterPassword, { mode: 0o600 })
  copyCluster(await preparedTemplate(), join(dataDir, 'postgres'))
  return dataDir
}

const start = async (t: TestContext, dataDir: string): Promise<Embedded> => {
  const embedded = await startEmbedded(dataDir, () => {})
  atEnd(t, () => embedded.stop('immediate'))
  return embedded
}

/** From which address PostgreSQL sees us; null: through its socket. */
async function seenFrom(url: string): Promise<string | null | undefined> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<{ seen: string | null }>('select host(inet_client_addr()) as seen')).rows[0]?.seen
  } finally {
    await client.end()
  }
}

const socketsIn = (dataDir: string): string[] =>
  readdirSync(join(dataDir, 'postgres')).filter((name) => name.startsWith('.s.'))

test('the embedded server is reached through a socket that is closed to others, and over the loopback', async (t) => {
  const dataDir = await dataFolder(t)
  const { url, stop } = await start(t, dataDir)
  assert.equal(findRunning(dataDir), url)
  assert.equal(await seenFrom(url), null)
  const [plain] = url.split('?')
  assert.equal(await seenFrom(plain!), '127.0.0.1')
  const port = new URL(url).port
  assert.deepEqual(socketsIn(dataDir).sort(), [`.s.PGSQL.${port}`, `.s.PGSQL.${port}.lock`])
  for (const name of ['', `.s.PGSQL.${port}`])
    assert.equal(statSync(join(dataDir, 'postgres', name)).mode & 0o077, 0, name)
  await stop()
  assert.deepEqual(socketsIn(dataDir), [])
})

test('a password is asked for at the socket too', async (t) => {
  const { url } = await start(t, await dataFolder(t))
  await assert.rejects(seenFrom(url.replace(`:${clusterPassword}@`, ':wrong@')), { code: '28P01' })
})

test('a folder whose name is too long for a socket is served over the loopback', async (t) => {
  const dataDir = await dataFolder(t, 'd'.repeat(100))
  const { url } = await start(t, dataDir)
  assert.equal(findRunning(dataDir), url)
  assert.equal(await seenFrom(url), '127.0.0.1')
  assert.deepEqual(socketsIn(dataDir), [])
})

test('what a killed server left is in nobody’s way, and a restarted one is found at the same place', async (t) => {
  const dataDir = await dataFolder(t)
  writeFileSync(join(dataDir, 'postgres', '.s.PGSQL.15999.lock'), `${process.pid}\n`)
  writeFileSync(join(dataDir, 'postgres', '.s.sis'), '')
  const { url, restarts } = await start(t, dataDir)
  assert.equal(socketsIn(dataDir).length, 2)
  process.kill(readPostmaster(join(dataDir, 'postgres'))!.pid, 'SIGKILL')
  await until(() => restarts() > 0 || undefined)
  assert.equal(await seenFrom(url), null)
})
