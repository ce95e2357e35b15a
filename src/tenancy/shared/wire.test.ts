import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { quiet, startDatabase, type TestDatabase } from '../../../test/cluster.ts'
import { random } from '../../../test/size.ts'
import { Problem } from '../../shared/errors.ts'
import { extended } from '../guarded-connection.ts'
import { openPool } from '../pool.ts'
import { run, statement } from '../statement.ts'
import { createTenancy, type Tenancy } from '../tenancy.ts'
import type { Establishment } from '../types.ts'

// PostgreSQL's real answers, cut anywhere, with messages in between that nobody asked for, broken off, damaged.

const choose = random('wire')
let database: TestDatabase
let places: Establishment[]
const undo: (() => Promise<void> | void)[] = []
before(async () => {
  database = await startDatabase()
})
after(async () => {
  for (const step of undo.reverse()) await step()
  await database?.stop()
})

const message = (code: string, text: string): Buffer => {
  const body = Buffer.from(text)
  const head = Buffer.alloc(5)
  head.write(code, 'latin1')
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}
const asides = [
  message('N', 'SNOTICE\0VNOTICE\0C00000\0Mby the way\0\0'),
  message('S', 'application_name\0another\0'),
  message('A', '\0\0\0\x01channel\0payload\0'),
]

/** What is done to a message of PostgreSQL's; undefined: the connection breaks there. */
type Spoil = (whole: Buffer) => Buffer | undefined

/** @returns what comes of it: pieces of any size, each sent by itself */
const inPieces = (bytes: Buffer): Buffer[] => {
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const size = choose.chance(0.5) ? 1 + choose.int(0, 12) : 1 + choose.int(0, 60_000)
    pieces.push(bytes.subarray(at, at + size))
    at += size
  }
  return pieces
}

/** Stands before PostgreSQL; `spoil` begins once a connection is ready. */
async function between(spoil: Spoil): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const real = connect(database.postgres.port, '127.0.0.1')
    const end = (): void => void (client.destroy(), real.destroy())
    for (const socket of [client, real]) sockets.add(socket.setNoDelay(true).on('error', end).on('close', end))
    client.on('data', (bytes) => real.write(bytes))
    let rest = Buffer.alloc(0)
    let isReady = false
    let sent = Promise.resolve()
    real.on('data', (chunk) => {
      const out: Buffer[] = []
      rest = Buffer.concat([rest, chunk])
      while (rest.length >= 5 && rest.length > rest.readInt32BE(1)) {
        const whole = rest.subarray(0, 1 + rest.readInt32BE(1))
        rest = rest.subarray(whole.length)
        const spoilt = isReady ? spoil(whole) : whole
        if (spoilt === undefined) return end()
        out.push(spoilt)
        isReady ||= whole[0] === 0x5a
      }
      for (const piece of inPieces(Buffer.concat(out)))
        sent = sent.then(() => new Promise((resolve) => setImmediate(() => (client.write(piece), resolve()))))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  undo.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const url = new URL(database.apiUrl)
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return url.href
}

type Said = { role: string; n: number; long: string }
const who = statement<{ n: number; length: number }, Said>('wire.who', (db, value) =>
  db.selectNoFrom((eb) => [
    eb.fn<string>('current_setting', [eb.val('role')]).as('role'),
    eb.cast<number>(eb.val(value('n')), 'int4').as('n'),
    eb
      .fn<string>('repeat', [eb.fn('current_setting', [eb.val('role')]), eb.cast(eb.val(value('length')), 'int4')])
      .as('long'),
  ]),
)

const open = async (url: string): Promise<Tenancy> => {
  const tenancy = await createTenancy({ url, installation: database.installation, poolSize: 4, log: quiet })
  undo.push(() => tenancy.close())
  places = tenancy.directory.list().filter(({ status }) => status === 'active')
  return tenancy
}

/** So many reads at once, shared and owned: every answer is the one to its own question. */
async function ask(tenancy: Tenancy, count: number): Promise<{ wrong: unknown[]; failed: unknown[] }> {
  const wrong: unknown[] = []
  const failed: unknown[] = []
  await Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const at = choose.pick(places)
      const values = { n, length: n % 20 === 0 ? 20_000 : n % 3 }
      const tenant = tenancy.tenant(at)
      try {
        const rows = await (n % 4 === 0 ? tenant.read((db) => run(db, who, values)) : tenant.once(who, values))
        const [row] = rows
        const isOwn = row?.role === at.schema && row.n === n && row.long === at.schema.repeat(values.length)
        if (rows.length !== 1 || !isOwn) wrong.push([at.schema, n, row?.role, row?.n])
      } catch (error) {
        failed.push(error instanceof Problem ? error.code : error)
      }
    }),
  )
  return { wrong, failed }
}

describe('answers of PostgreSQL', () => {
  test('in pieces of any size, with notices in between, are those of their questions', async () => {
    const tenancy = await open(
      await between((whole) => (choose.chance(0.3) ? Buffer.concat([choose.pick(asides), whole]) : whole)),
    )
    for (let round = 0; round < 4; round++) assert.deepEqual(await ask(tenancy, 100), { wrong: [], failed: [] })
    assert.ok(tenancy.gauges().affinity['reads']!.found.own > 0)
  })

  for (const [how, spoil] of [
    ['break off', () => undefined],
    ['have an impossible length', (whole) => (whole.writeInt32BE(-7, 1), whole)],
    ['are of no kind that is known', (whole) => ((whole[0] = 0x47), whole)],
  ] as [string, Spoil][])
    test(`that ${how} are given to nobody`, async () => {
      let left = 0
      const tenancy = await open(await between((whole) => (choose.chance(0.02) && left-- > 0 ? spoil(whole) : whole)))
      await ask(tenancy, 20)
      const all: unknown[] = []
      for (let round = 0; round < 5; round++) {
        left = 2
        const { wrong, failed } = await ask(tenancy, 60)
        assert.deepEqual(wrong, [])
        all.push(...failed)
      }
      // Asked again elsewhere; nobody is told more than that the database was away.
      assert.deepEqual(
        [...new Set(all)].filter((code) => code !== 'database_unavailable'),
        [],
      )
      left = 0
      assert.deepEqual(await ask(tenancy, 40), { wrong: [], failed: [] })
    })

  test('that are given to the next question are found out (control)', async () => {
    let isLate = false
    const rows: Buffer[] = []
    const tenancy = await open(
      await between((whole) => {
        if (!isLate || whole[0] !== 0x44) return whole
        rows.push(Buffer.from(whole))
        // An entrance's row for an entrance's, a statement's for a statement's.
        return rows.length > 2 ? rows.shift()! : whole
      }),
    )
    await ask(tenancy, 20)
    isLate = true
    const { wrong } = await ask(tenancy, 100)
    assert.ok(wrong.length > 0)
  })
})

test('of statements that share a Sync those behind one that fails are skipped, and nobody else', async () => {
  const pool = openPool({ url: database.apiUrl, size: 1, name: 'joined', log: quiet })
  undo.push(() => pool.end())
  const client = await pool.connect()
  const ask = (text: string, joined = false) =>
    extended<{ n: number }>(client, text, [], { joined, name: text }).then(
      ({ rows }) => rows[0]?.n,
      (error: { code: string }) => error.code,
    )
  const fails = 'select 1 / (select 0) as n'
  for (let round = 0; round < 2; round++) {
    const all = [ask('select 1 as n', true), ask(fails, true), ask('select 2 as n', true), ask('select 3 as n'), ask('select 4 as n')] // prettier-ignore
    assert.deepEqual(await Promise.all(all), [1, '22012', '25P02', '25P02', 4])
  }
  // The last one's Sync comes with the end of the turn; a simple statement has its own, before which the others end.
  assert.equal(await ask('select 5 as n', true), 5)
  const [joined, simple] = await Promise.all([ask(fails, true), client.query('select 6 as n')])
  assert.deepEqual([joined, simple.rows[0]], ['22012', { n: 6 }])
  client.release()
})
