import assert from 'node:assert/strict'
import cluster from 'node:cluster'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { atEnd, removeFolder } from '../../test/ending.ts'
import type { WorkerSettings } from './messages.ts'
import { deferred, startWorkers } from './workers.ts'

// The least that speaks the supervisor's language.
const program = `
process.on('message', ({ type }) => {
  if (type === 'start') process.send({ type: 'ready' })
  if (type === 'drain') process.exit(0)
})
process.send({ type: 'here' })
`

/** A folder that goes with the test. */
function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sis-workers-'))
  atEnd(t, () => removeFolder(folder))
  return folder
}

/** So many processes of `folder` that run this first; they end with the test. */
function startIn(
  t: TestContext,
  folder: string,
  {
    count = 1,
    first = '',
    ...options
  }: { count?: number; first?: string } & Partial<Parameters<typeof startWorkers>[0]>,
) {
  writeFileSync(join(folder, 'worker.mjs'), first + program)
  const workers = startWorkers({
    count,
    program: join(folder, 'worker.mjs'),
    settings: Promise.resolve({} as WorkerSettings),
    masterKey: Promise.resolve(''),
    tell: () => {},
    ...options,
  })
  atEnd(t, () => workers.kill())
  return workers
}

test('an error on the channel to a process, as when it is killed under load, ends neither it nor the supervisor', async (t) => {
  const told: string[] = []
  const workers = startIn(t, folderOf(t), { tell: (line) => told.push(line) })
  await workers.ready
  const [worker] = Object.values(cluster.workers ?? {})
  assert.ok(worker)
  worker.process.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.equal(worker.isDead(), false)
  const draining = workers.drain()
  worker.process.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
  await draining
  assert.deepEqual([worker.isDead(), told], [true, []])
})

test('the others are started when the first one serves', async (t) => {
  let started = 0
  const count = (): void => void started++
  cluster.on('fork', count)
  t.after(() => cluster.off('fork', count))
  const settings = deferred<WorkerSettings>()
  const workers = startIn(t, folderOf(t), { count: 3, settings: settings.promise })
  const [worker] = Object.values(cluster.workers ?? {})
  assert.ok(worker)
  await once(worker, 'message')
  assert.equal(started, 1)
  settings.resolve({} as WorkerSettings)
  await workers.ready
  await workers.complete
  assert.equal(started, 3)
  await workers.drain()
})

test('one that cannot serve for longer than a start may last ends nobody who serves', async (t) => {
  const folder = folderOf(t)
  const starts = join(folder, 'starts')
  // The second dies five times.
  const dying = `
import { appendFileSync, readFileSync } from 'node:fs'
appendFileSync(${JSON.stringify(starts)}, '.')
const nth = readFileSync(${JSON.stringify(starts)}).length
if (nth > 1 && nth < 7) process.exit(1)
`
  const workers = startIn(t, folder, { count: 2, first: dying })
  await workers.ready
  await Promise.race([workers.complete, workers.failed])
  assert.equal(readFileSync(starts).length, 7)
  await workers.drain()
})

test('a process gets neither our secrets nor a heap of the system for each of its threads', async (t) => {
  const folder = folderOf(t)
  const seen = join(folder, 'environment.json')
  const writing = `
import { writeFileSync } from 'node:fs'
writeFileSync(${JSON.stringify(seen)}, JSON.stringify(process.env))
`
  process.env['SIS_MASTER_KEY'] = 'secret'
  t.after(() => delete process.env['SIS_MASTER_KEY'])
  const workers = startIn(t, folder, { first: writing })
  await workers.ready
  const environment = JSON.parse(readFileSync(seen, 'utf8')) as Record<string, string>
  assert.equal(environment['SIS_MASTER_KEY'], undefined)
  assert.equal(environment['MALLOC_ARENA_MAX'], '1')
  await workers.drain()
})
