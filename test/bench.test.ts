import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname } from 'node:path'
import { after, describe, test, type TestContext } from 'node:test'
import pg from 'pg'
import { ratioOf } from '../bench/measure/contest.ts'
import { rateAfter } from '../bench/measure/limit.ts'
import type { Round } from '../bench/measure/load.ts'
import { median, percentile } from '../bench/measure/statistics.ts'
import { verify } from '../bench/measure/verify.ts'
import { openWire } from '../bench/measure/wire.ts'
import { readOptions, UsageError } from '../bench/options.ts'
import { plot, roundUp } from '../bench/plot.ts'
import { shown, standing, table, type Line } from '../bench/rows.ts'
import { scriptOf } from '../bench/rows/own-statement.ts'
import { startDatabase } from './cluster.ts'
import { isRunning, until } from './sis-process.ts'

// What a benchmark can get wrong without anybody noticing: its arithmetic, its verdict, and what it lets pass.

describe('figures', () => {
  test('percentiles are values that were measured; a median of an even number lies between two', () => {
    const hundred = Array.from({ length: 100 }, (_, n) => 100 - n)
    assert.deepEqual([0.5, 0.95, 0.99, 1].map((part) => percentile(hundred, part)), [50, 95, 99, 100]) // prettier-ignore
    assert.equal(percentile([7], 0.99), 7)
    assert.deepEqual([median([3, 1, 2]), median([4, 1, 3, 2]), median([5])], [2, 2.5, 5])
    assert.throws(() => percentile([], 0.5), /no values/)
    assert.throws(() => median([]), /no values/)
  })

  test('a ratio is that of rounds that were played one after the other', () => {
    const rounds = (...rates: number[]): Round[] =>
      rates.map((perSecond) => ({ perSecond, requests: 1, processor: { server: 0, database: 0, client: 0 } }))
    // The machine was slow in the second round for both: the ratio of the medians would say 4.
    assert.equal(ratioOf(rounds(800, 100, 400), rounds(100, 50, 200)), 2)
  })

  test('of pgbench only the seconds after its first ones count', () => {
    const output = ['1.0 s, 100.0', '2.0 s, 200.0', '3.0 s, 900.0', '4.0 s, 1100.0']
      .map((line) => `progress: ${line} tps, lat 1.0 ms stddev 1.0, 0 failed`)
      .join('\n')
    assert.equal(rateAfter(output, 2), 1_000)
    assert.throws(() => rateAfter('tps = 5', 2), /no progress/)
  })
})

describe('the verdict', () => {
  const line: Line = { row: 'list', what: 'list', more: true, unit: '×', atLeast: 8, aim: 10, value: 9, figure: '3,140/s', comparison: '349/s guide' } // prettier-ignore

  test('is no below the least, and aim from the aim on, whichever way is better', () => {
    assert.deepEqual([7.9, 8, 9.9, 10].map((value) => standing({ ...line, value })), ['no', 'yes', 'yes', 'aim']) // prettier-ignore
    const less = { more: false, atLeast: 80, aim: 60 }
    assert.deepEqual([81, 80, 60].map((value) => standing({ ...less, value })), ['no', 'yes', 'aim']) // prettier-ignore
    assert.equal(standing({ more: true, value: 1 }), '–')
  })

  test('stands in a table whose columns are as wide as their content', () => {
    const [head, rule, first, ...more] = table([line, { ...line, what: 'a longer one', value: 7 }]).split('\n')
    assert.equal(new Set([head, rule, first, ...more].map((row) => row?.length)).size, 1)
    assert.match(first ?? '', /\| 3,140\/s \| 349\/s guide \| 9\.00 × +\| ≥ 8 × +\| ≥ 10 × \| yes \|/)
    assert.match(more[0] ?? '', /\| no +\|$/)
    assert.deepEqual([shown(1234567, '/s'), shown(12.34, 'ms'), shown(0.456, '×')], ['1,234,567/s', '12.3 ms', '0.46 ×']) // prettier-ignore
  })
})

test('wrong arguments are refused, and rows keep their order', () => {
  assert.deepEqual(readOptions(['--rows', 'create,list']).rows, ['list', 'create'])
  assert.equal(readOptions([]).tenants, 5_000)
  assert.equal(readOptions(['--seconds', '600']).seconds, 600)
  for (const wrong of [
    ['--rows', 'list,nothing'],
    ['--seconds', '0'],
    ['--seconds', '601'],
    ['--rounds', '-1'],
    ['--tenants', '1e3'],
    ['--tenants', '100001'],
    ['--churn', ''],
    ['--record', 'x'],
    ['--nothing'],
  ])
    assert.throws(() => readOptions(wrong), UsageError, wrong.join(' '))
})

test('the plot shows every point inside its frame', () => {
  const points = [1, 50, 5_000].map((tenants, n) => ({ tenants, perSecond: 3_000 - n * 100, memory: { total: 200 + 700 * n, backends: 20, ofBackends: 100 } })) // prettier-ignore
  const svg = plot(points)
  const marks = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"|<rect x="([\d.]+)" y="([\d.]+)" width="8"/g)]
  assert.equal(marks.length, 6)
  for (const [, cx, cy, x, y] of marks) {
    const [across, down] = [Number(cx ?? x), Number(cy ?? y)]
    assert.ok(across >= 60 && across <= 700 && down >= 50 && down <= 360, `${across}, ${down}`)
  }
  assert.equal((svg.match(/<(?:svg|text|title)\b/g) ?? []).length, (svg.match(/<\/(?:svg|text|title)>/g) ?? []).length)
  assert.doesNotMatch(svg, /NaN|undefined/)
  assert.deepEqual([1, 3, 999, 2_048].map(roundUp), [1, 5, 1_000, 2_500])
})

describe('every body is looked through', () => {
  let marks: string[] = []
  let status = 200
  const server = createServer((_request, response) => {
    response.statusCode = status
    response.end(JSON.stringify({ items: marks.map((mark) => ({ patient: { familyName: `${mark} Traoré` } })) }))
  })
  after(() => server.close())
  const look = async (path: string): Promise<number> => {
    if (!server.listening) await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return verify(url, [{ method: 'GET', path, token: 'x', mark: 't_7' }], { count: 5, connections: 2 })
  }

  test('one of another establishment, one too few, or a refusal ends the run', async () => {
    marks = ['t_7', 't_7']
    assert.equal(await look('/?limit=2'), 5)
    marks = ['t_7', 't_70']
    await assert.rejects(look('/?limit=2'), /t_7 t_70/)
    marks = ['t_7']
    await assert.rejects(look('/?limit=2'), /2 of t_7 were asked for/)
    status = 503
    await assert.rejects(look('/'), /answered 503/)
  })
})

test('what is read off the wire are the statements and values that were sent', async (t) => {
  const database = await startDatabase()
  t.after(() => database.stop())
  const wire = await openWire(database.postgres.port)
  t.after(() => wire.close())
  const url = new URL(database.superuserUrl)
  url.port = String(wire.port)
  const client = new pg.Client({ connectionString: url.toString() })
  await client.connect()
  await client.query('begin')
  await client.query('select $1::text, $2::text', ["l'eau", null])
  await client.query({ name: 'again', text: 'select $1::int', values: [1] })
  await client.query({ name: 'again', text: 'select $1::int', values: [2] })
  await client.end()
  assert.deepEqual(wire.sent(), [
    [
      { text: 'begin', values: [] },
      { text: 'select $1::text, $2::text', values: ["l'eau", null] },
      { text: 'select $1::int', values: ['1'] },
      { text: 'select $1::int', values: ['2'] },
    ],
  ])
})

test('a transaction becomes a script whose values stand in their places', () => {
  const said = [
    { text: 'begin', values: [] },
    { text: 'select $1, $2, $10', values: ["l'un", null, ...Array.from({ length: 7 }, () => 'x'), 'dix'] },
    { text: 'select a from "consultation" where b = $1', values: ['b'] },
    { text: 'commit;', values: [] },
  ]
  const enter = String.raw`begin\; select 'l''un', null, 'dix'\; `
  assert.equal(
    scriptOf(said, 3),
    String.raw`\if :p3
\else
\set p3 1
${enter}prepare list3 as select a from "consultation" where b = $1\; commit;
\endif
${enter}execute list3('b')\; commit;
`,
  )
})

describe('what the bench starts', { skip: process.platform === 'win32' && 'Linux only' }, () => {
  const ending = new URL(`../bench/world/ending${extname(import.meta.url)}`, import.meta.url).href
  // Deaf to the signal that a terminal's Ctrl-C would send to all.
  const endless = "process.on('SIGINT', () => {}); setInterval(() => {}, 1000); console.log('here')"
  const started = (guarded: boolean) => `
    import { spawn } from 'node:child_process'
    import { endWithUs } from ${JSON.stringify(ending)}
    for (const detached of [false, true]) {
      const child = spawn(process.execPath, ['-e', ${JSON.stringify(endless)}], { detached, stdio: ['ignore', 'pipe', 'ignore'] })
      if (${guarded}) endWithUs(child, { whole: detached })
      child.stdout.once('data', () => console.log(child.pid))
    }`
  const bench = async (t: TestContext, guarded: boolean): Promise<{ parent: ChildProcess; children: number[] }> => {
    const parent = spawn(process.execPath, [...process.execArgv, '--input-type=module', '-e', started(guarded)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const children: number[] = []
    t.after(() => [parent.pid ?? 0, ...children].forEach((pid) => isRunning(pid) && process.kill(pid, 'SIGKILL')))
    parent.stdout
      .setEncoding('utf8')
      .on('data', (lines: string) => children.push(...lines.trim().split('\n').map(Number)))
    await until(() => children.length === 2 || undefined)
    return { parent, children }
  }

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL'] as const)
    test(`ends with it: ${signal}`, async (t) => {
      const { parent, children } = await bench(t, true)
      parent.kill(signal)
      await until(() => !children.some(isRunning) || undefined)
    })

  test('control: without the guard it goes on', async (t) => {
    const { parent, children } = await bench(t, false)
    parent.kill('SIGKILL')
    await once(parent, 'close')
    assert.deepEqual(children.map(isRunning), [true, true])
  })
})
