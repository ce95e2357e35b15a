import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { auditKey } from '../../src/platform/audit/installation-key.ts'
import type { Finding, Owner } from '#tenancy'
import { keyFromSeed } from '../../src/shared/ed25519.ts'
import { sealedColumns } from '../../src/tenancy/seals/canonical.ts'
import { rootOf } from '../../src/tenancy/seals/merkle.ts'
import { startDatabase, type TestDatabase } from '../cluster.ts'
import { until } from '../sis-process.ts'
import { random, seed, size } from '../size.ts'
import { attacks, impostures } from './api-attacks.ts'
import { prepareTampering, record, write, type Recorded } from './record.ts'
import { hands, type Tampering } from './tampering.ts'

const key = auditKey(Buffer.alloc(32, 7))
const publicKeys = [key.publicKey]

// RFC 8032 7.1 (test 1), RFC 8037 A.3, and the vectors of Certificate Transparency for the tree of RFC 6962 and 9162.
test('keys and trees are those of the standards', () => {
  const { publicKey, kid, sign } = keyFromSeed(
    Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex'),
  )
  assert.equal(
    Buffer.from(publicKey, 'base64url').toString('hex'),
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
  )
  assert.equal(kid, 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
  assert.match(sign(Buffer.of()).toString('hex'), /^e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155/)
  const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
  const roots = leaves.map((_, index) => rootOf(leaves.slice(0, index + 1).map((leaf) => Buffer.from(leaf, 'hex'))))
  assert.deepEqual(
    roots.map((root) => root.toString('hex', 0, 8)),
    [
      '6e340b9cffb37a98',
      'fac54203e7cc696c',
      'aeb6bcfe274b70a1',
      'd37ee418976dd957',
      '4e3bbb1f7b478dcf',
      '76e67dadbcdf1e10',
      'ddb89be403809e32',
      '5dc9da79a70659a9',
    ],
  )
})

describe('a sealed audit record', () => {
  let database: TestDatabase
  let owner: Owner
  let world: Recorded
  before(async () => {
    database = await startDatabase()
    owner = await database.owner()
    world = await record(database, owner, key, random('record'))
  })
  after(async () => {
    await owner.close()
    await database.stop()
  })

  const examine = (anchored = true) => owner.verifyAudit({ publicKeys, ...(anchored && { anchors: world.anchors }) })

  test('is intact, every column of every entry under a seal', async (t) => {
    const { findings, entries, seals, chains } = await examine()
    assert.deepEqual(findings, [])
    assert.equal(entries, world.entries.length)
    assert.equal(seals, world.seals.length)
    assert.equal(chains, 4)
    const columns = await database.asSuperuser<{ name: string }>(
      `select attname as name from pg_attribute where attrelid = 'sis_audit.entry'::regclass and attnum > 0 and not attisdropped`,
    )
    assert.deepEqual(new Set(columns.map(({ name }) => name)), new Set(sealedColumns))
    t.diagnostic(`seed ${seed}: ${entries} entries, ${seals} seals`)
  })

  test('can be appended to by the roles of the pools, and nothing else', async (t) => {
    const [own = '', other = ''] = world.chains
    const roleOf = (name: string) => (name === 'own' ? own : `sis_${database.installation}_${name}`)
    const ownerRole = roleOf('owner')
    const client = new pg.Client({ connectionString: database.apiUrl })
    await client.connect()
    const attempt = async (role: string, sql: string): Promise<string | undefined> => {
      await client.query(`begin; set local role ${role}`)
      const code = await client.query(sql).then(() => undefined, (error: { code?: string }) => error.code) // prettier-ignore
      await client.query('rollback')
      return code
    }
    const all = attacks(own, other, ownerRole)
    for (const role of ['own', 'accounts', 'audit', 'directory'])
      for (const sql of all) assert.match((await attempt(roleOf(role), sql)) ?? 'done', /^(42501|0A000)$/, `${role}: ${sql}`) // prettier-ignore
    for (const { as, sql } of impostures(own, other)) assert.equal(await attempt(roleOf(as), sql), '42501', sql)
    await client.end()
    // Each is refused for who asks, not for how it is written (control).
    const superuser = new pg.Client({ connectionString: database.superuserUrl })
    await superuser.connect()
    for (const sql of [...all, ...impostures(own, other).map((each) => each.sql)]) {
      await superuser.query('begin')
      await superuser.query(sql)
      await superuser.query('rollback')
    }
    await superuser.end()
    assert.deepEqual((await examine()).findings, [])
    t.diagnostic(`${all.length} attacks under 4 roles, ${impostures(own, other).length} impostures`)
  })

  test('shows whatever a superuser does to it, and where', async (t) => {
    const putBack = await prepareTampering(database)
    const choices = random('tampering')
    const done = new Map<string, number>()
    for (let n = size(40, 1_000); n > 0; n--) {
      const tampering = await choices.weighted(hands)(database, world, choices)
      const { findings } = await examine()
      assertFound(tampering, findings)
      done.set(tampering.what, (done.get(tampering.what) ?? 0) + 1)
      // Why heads are kept elsewhere: without them this looks like a record that was never longer (control).
      if (tampering.onlyAnchored) assert.deepEqual((await examine(false)).findings, [], tampering.what)
      await putBack()
    }
    assert.deepEqual((await examine()).findings, [])
    t.diagnostic(`${[...done.values()].reduce((sum, each) => sum + each, 0)} found, of ${done.size} kinds`)
  })
})

describe('sealing', () => {
  let database: TestDatabase
  let owner: Owner
  let chain: string
  before(async () => {
    database = await startDatabase()
    owner = await database.owner()
    const [one] = await database.asSuperuser<{ name: string }>('select schema_name as name from sis_platform.establishment limit 1') // prettier-ignore
    chain = one?.name ?? ''
  })
  after(async () => {
    await owner.close()
    await database.stop()
  })
  const kindsOf = async () => (await owner.verifyAudit({ publicKeys })).findings.map(({ kind }) => kind)
  const count = async (table: 'entry' | 'seal') =>
    (await database.asSuperuser<{ count: number }>(`select count(*)::int from sis_audit.${table}`))[0]?.count
  const session = async () => {
    const client = new pg.Client({ connectionString: database.superuserUrl })
    client.on('error', () => {})
    await client.connect()
    return client
  }

  test('waits for a transaction that was there first, and so misses no late commit', async () => {
    await write(database, [{ chain }])
    const late = await session()
    await late.query('begin')
    await late.query(`insert into sis_audit.entry (id, chain, tenant, actor_name, action, outcome) values (gen_random_uuid(), $1, $1, 'Tard', 'x', 'success')`, [chain]) // prettier-ignore
    await write(database, [{ chain }, { chain: 'platform' }])
    assert.deepEqual(await owner.sealAudit(key), { seals: 1, entries: 1, more: false })
    assert.deepEqual(await owner.sealAudit(key), { seals: 0, entries: 0, more: false })
    await late.query('commit')
    await late.end()
    assert.deepEqual(await owner.sealAudit(key), { seals: 2, entries: 3, more: false })
    assert.deepEqual(await kindsOf(), [])
  })

  test('happens once when two do it, and not at all when it is cut off', async () => {
    await write(database, [{ chain }, { chain: 'platform' }])
    const before = await count('seal')
    const other = await database.owner()
    const holder = await session()
    await holder.query('begin; lock table sis_audit.seal in share mode')
    const first = owner.sealAudit(key).catch((error: { code?: string }) => error.code)
    const waiting = await until(async () => {
      const [backend] = await database.asSuperuser<{ pid: number }>(`select pid from pg_stat_activity where wait_event_type = 'Lock' and query like '%insert into sis_audit.seal%'`) // prettier-ignore
      return backend?.pid
    })
    assert.deepEqual(await other.sealAudit(key), { seals: 0, entries: 0, more: false })
    await database.asSuperuser('select pg_terminate_backend($1)', [waiting])
    assert.equal(await first, '57P01')
    await holder.query('rollback')
    await holder.end()
    assert.equal(await count('seal'), before)
    const rounds = await Promise.all([owner.sealAudit(key), other.sealAudit(key)])
    assert.equal(rounds.reduce((sum, { entries }) => sum + entries, 0), 2) // prettier-ignore
    await other.close()
    assert.deepEqual(await kindsOf(), [])
  })

  test('takes many in rounds, and never divides a transaction', async () => {
    await write(
      database,
      Array.from({ length: 30 }, () => ({ chain })),
    )
    for (let n = 0; n < 5; n++) await write(database, [{ chain }, { chain: 'platform' }])
    const rounds = []
    for (let more = true; more;) {
      const round = await owner.sealAudit(key, { entries: 4 })
      rounds.push(round.entries)
      more = round.more
    }
    assert.deepEqual(rounds, [30, 4, 4, 2])
    assert.deepEqual(await kindsOf(), [])
  })

  test('is missed after thirty seconds', async () => {
    await write(database, [{ chain, at: new Date(Date.now() - 20_000) }])
    assert.deepEqual(await kindsOf(), [])
    const at = new Date(Date.now() - 31_000)
    await write(database, [{ chain, at }])
    const { findings } = await owner.verifyAudit({ publicKeys })
    assert.deepEqual(findings.map(({ kind, chain: where, count: many, since }) => ({ kind, where, many, since })), [
      { kind: 'entries_unsealed', where: chain, many: 1, since: at.toISOString() },
    ]) // prettier-ignore
    await owner.sealAudit(key)
    assert.deepEqual(await kindsOf(), [])
  })

  test('goes on in a new era where a logical copy was restored', async () => {
    await write(database, [{ chain }])
    const copy = await startDatabase()
    const restored = await copy.owner()
    const kept = async (table: string) =>
      (await database.asSuperuser<{ rows: string }>(`select json_agg(x)::text as rows from sis_audit.${table} x`))[0]
        ?.rows
    for (const table of ['entry', 'seal'])
      await copy.asSuperuser(
        `insert into sis_audit.${table} overriding system value select * from json_populate_recordset(null::sis_audit.${table}, $1)`,
        [await kept(table)],
      )
    await copy.asSuperuser(`select setval('sis_audit.entry_seq_seq', (select max(seq) from sis_audit.entry))`)
    const kinds = async () => (await restored.verifyAudit({ publicKeys })).findings.map(({ kind }) => kind)
    // Without it, what is written next falls into a range that is sealed (control).
    await write(copy, [{ chain }])
    assert.deepEqual([await restored.sealAudit(key), await kinds()], [{ seals: 0, entries: 0, more: false }, ['entry_inserted']]) // prettier-ignore
    await copy.asSuperuser('delete from sis_audit.entry where seq = (select max(seq) from sis_audit.entry)')
    await restored.migratePlatform()
    await write(copy, [{ chain }])
    assert.deepEqual(await restored.sealAudit(key), { seals: 1, entries: 2, more: false })
    assert.deepEqual(await kinds(), [])
    await restored.migratePlatform()
    assert.deepEqual(await copy.asSuperuser('select distinct era from sis_audit.seal order by era'), [{ era: 1 }, { era: 2 }]) // prettier-ignore
    await restored.close()
    await copy.stop()
  })
})

function assertFound({ what, chains, kinds, at }: Tampering, findings: Finding[]): void {
  const told = `${what}: ${JSON.stringify(at)} in ${JSON.stringify(findings)}`
  const isThere = findings.some(
    (finding) =>
      kinds.includes(finding.kind) &&
      finding.chain === at.chain &&
      (at.seal === undefined || finding.seal === at.seal) &&
      (at.entry === undefined || finding.entry === at.entry),
  )
  assert.ok(isThere, told)
  assert.ok(
    findings.every(({ chain = '' }) => chains.includes(chain)),
    `others are blamed: ${told}`,
  )
}
