import assert from 'node:assert/strict'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { auditKey } from '../../src/platform/audit/installation-key.ts'
import type { Head, Log, Owner } from '#tenancy'
import { lineOf } from '#tenancy'
import { headsAddress, headsFilesOf, setAnchorsAside } from '../../src/supervisor/anchors.ts'
import { headsFile, readHeads, type Anchor } from '../../src/supervisor/heads-file.ts'
import { sealNow, startSealing } from '../../src/supervisor/sealing.ts'
import { startDatabase, type TestDatabase } from '../cluster.ts'
import { sis, until } from '../sis-process.ts'
import { isFull } from '../size.ts'
import { write } from './record.ts'

const masterKey = Buffer.alloc(32, 7)
const key = auditKey(masterKey)
const publicKeys = [key.publicKey]

/** What was told, by level. */
function listener(): Log & { told: string[] } {
  const told: string[] = []
  const at = (level: string) => (_: object, message: string) => void told.push(`${level}: ${message}`)
  return { told, info: at('info'), warn: at('warn'), error: at('error') }
}

describe('the heads of the audit record', () => {
  let database: TestDatabase
  let owner: Owner
  let chain: string
  const folder = mkdtempSync(join(tmpdir(), 'sis-heads-'))
  const place = (name: string) => join(folder, name, 'heads.jsonl')
  before(async () => {
    database = await startDatabase()
    owner = await database.owner()
    const [one] = await database.asSuperuser<{ name: string }>(
      `select schema_name as name from sis_platform.establishment where slug = 'csref_djenne'`,
    )
    chain = one?.name ?? ''
  })
  after(async () => {
    await owner.close()
    await database.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const written = async (anchors: Anchor[], log: Log = listener()) => {
    await write(database, [{ chain }])
    await sealNow({ owner, key, anchors, log })
  }
  const newest = async () => (await owner.auditHeads()).heads.find((head) => head.chain === chain) as Head
  const kindsBy = async (path: string) => {
    const { findings } = await owner.verifyAudit({ publicKeys, anchors: await readHeads(path) })
    return findings.map(({ kind, seal }) => `${kind} ${seal ?? ''}`.trim())
  }

  test('stand in a file of the owner’s own, and a line that was cut off does no harm', async () => {
    const path = place('torn')
    await written([headsFile(path, listener())])
    await written([headsFile(path, listener())])
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.equal(statSync(join(path, '..')).mode & 0o777, 0o700)
    appendFileSync(path, '{"chain":"sis')
    assert.deepEqual(await kindsBy(path), [])
    const log = listener()
    await written([headsFile(path, log)], log)
    assert.deepEqual((await readHeads(path)).heads.map(({ number }) => number), [2, 3]) // prettier-ignore
    assert.deepEqual(log.told, [])
    appendFileSync(path, `not a head\n${lineOf({ ...(await newest()), number: 9 })}\n{}\n`)
    assert.deepEqual(await kindsBy(path), ['anchor_unreadable'])
  })

  test('keep what another history has replaced, and say so at once', async () => {
    const path = place('forked')
    const log = listener()
    const anchor = headsFile(path, log)
    for (let n = 0; n < 3; n++) await written([anchor], log)
    const { number } = await newest()
    // A copy of two seals before is put back in the place of what was there, and the record goes on from it.
    await database.asSuperuser(`delete from sis_audit.entry e using sis_audit.seal s where s.chain = e.chain and s.number > $1 and e.xid >= s.from_xid`, [number - 2]) // prettier-ignore
    await database.asSuperuser('delete from sis_audit.seal where number > $1', [number - 2])
    assert.deepEqual(await kindsBy(path), [`chain_truncated ${number - 1}`])
    await written([anchor], log)
    assert.deepEqual(log.told, [
      'error: an audit chain does not go on from the head that was kept outside the database',
    ])
    for (let n = 0; n < 4; n++) await written([headsFile(path, listener())], log)
    assert.deepEqual(await kindsBy(path), [`anchor_mismatch ${number}`])
    // After a restore that was meant, the file is put aside and a new one begins.
    const settings = { dataDir: join(folder, 'meant'), auditAnchor: path }
    const [aside = ''] = setAnchorsAside(settings, new Date('2026-11-22T17:00:00Z'))
    assert.match(aside, /heads-20261122T170000000Z\.jsonl$/)
    assert.ok(existsSync(aside) && !existsSync(path))
    await written([headsFile(path, log)], log)
    assert.deepEqual(await kindsBy(path), [])
  })

  test('stay few in a file that has grown large', async () => {
    const path = place('large')
    const anchor = headsFile(path, listener())
    await written([anchor])
    const head = await newest()
    writeFileSync(path, `${lineOf(head)}\n`.repeat(12_000))
    await written([anchor])
    assert.ok(statSync(path).size < 5_000)
    assert.deepEqual(await kindsBy(path), [])
  })

  test('go to an address, again and again until it takes them', async () => {
    const taken: { body: string; headers: IncomingHttpHeaders }[] = []
    let isAway = true
    const server = createServer((request, response) => {
      let body = ''
      request.on('data', (part: Buffer) => (body += part.toString()))
      request.on('end', () => {
        if (!isAway) taken.push({ body, headers: request.headers })
        response.writeHead(isAway ? 503 : 204).end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const anchor = headsAddress(`http://sis:m%C3%B4t@127.0.0.1:${(server.address() as AddressInfo).port}/heads`)
    const log = listener()
    await written([anchor], log)
    assert.deepEqual(log.told, ['error: audit heads could not be kept outside the database'])
    isAway = false
    await written([anchor], log)
    const [first] = taken
    assert.equal(first?.headers['content-type'], 'application/x-ndjson')
    assert.equal(first.headers.authorization, `Basic ${Buffer.from('sis:môt').toString('base64')}`)
    assert.equal(first.body, `${lineOf(await newest())}\n`)
    await new Promise((resolve) => server.close(resolve))
  })

  test('are made while the server runs, through a lost database, and once more at its end', async () => {
    const path = place('running')
    const log = listener()
    const sealing = startSealing({ owner, key, anchors: [headsFile(path, log)], log, every: 50 })
    const unsealed = async () =>
      (await database.asSuperuser<{ count: number }>(
        `select count(*)::int from sis_audit.entry where xid >= (select max(to_xid::text::bigint)::text::xid8 from sis_audit.seal)`,
      ))[0]?.count // prettier-ignore
    await write(database, [{ chain }])
    await until(async () => (await unsealed()) === 0 || undefined)
    await database.asSuperuser(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sis-owner'`) // prettier-ignore
    await write(database, [{ chain }])
    await until(async () => (await unsealed()) === 0 || undefined)
    await until(async () => (await readHeads(path)).heads.at(-1)?.head === (await newest()).head || undefined)
    await write(database, [{ chain }])
    await sealing.stop()
    assert.equal(await unsealed(), 0)
    assert.equal((await readHeads(path)).heads.at(-1)?.head, (await newest()).head)
    assert.deepEqual(await kindsBy(path), [])
  })

  test('are compared by a command: its exit codes, its sentences, its JSON', async (t) => {
    const dataDir = join(folder, 'served')
    const [path = ''] = headsFilesOf({ dataDir })
    await written([headsFile(path, listener())])
    const served = {
      DATABASE_URL: database.apiUrl,
      DATABASE_OWNER_URL: database.superuserUrl,
      SIS_MASTER_KEY: masterKey.toString('hex'),
      SIS_DATA_DIR: dataDir,
    }
    const run = async (args: string[], environment: Record<string, string> = {}) => {
      const command = sis(t, ['audit', ...args], { ...served, ...environment })
      return { code: await command.exit, out: command.stdout(), all: command.output() }
    }
    const [intact, unkeyed, away, heads] = await Promise.all([
      run(['verify', '--json']),
      run(['verify'], { SIS_MASTER_KEY: '' }),
      run(['verify'], { DATABASE_OWNER_URL: 'postgres://owner:secret@127.0.0.1:1/sis' }),
      run(['heads']),
    ])
    assert.equal(intact.code, 0, intact.all)
    const report = JSON.parse(intact.out) as { intact: boolean; anchors: number; findings: unknown[] }
    assert.deepEqual([report.intact, report.anchors, report.findings], [true, 1, []])
    assert.deepEqual([unkeyed.code, away.code], [2, 3])
    assert.doesNotMatch(away.all, /secret/)
    assert.equal(heads.out, `${lineOf(await newest())}\n`)
    if (isFull) {
      const shown = JSON.parse((await run(['key', '--json'])).out) as Record<string, string>
      assert.deepEqual(shown, { kid: key.kid, publicKey: key.publicKey })
      const publicly = await run(['verify', '--public-key', key.publicKey, '--establishment', 'csref_djenne'], { SIS_MASTER_KEY: '' }) // prettier-ignore
      assert.equal(publicly.code, 0, publicly.all)
      assert.match(publicly.out, /Le journal d’audit est intact/)
      const strange = auditKey(Buffer.alloc(32, 8)).publicKey
      const strangely = await run(['verify', '--public-key', strange, '--no-anchors', '--json'])
      assert.equal(strangely.code, 1, strangely.all)
      assert.match(strangely.out, /"kind":"key_unknown"/)
      assert.equal((await run(['verify', '--establishment', 'csref_nulle_part'])).code, 2)
      assert.equal((await run(['verify', '--public-key', 'x'])).code, 2)
    }

    const [touched] = await database.asSuperuser<{ id: string }>(`update sis_audit.entry set reason = 'autre' where seq = (select min(seq) from sis_audit.entry) returning id`) // prettier-ignore
    await database.asSuperuser('delete from sis_audit.seal where number = (select max(number) from sis_audit.seal)')
    const found = await run(['verify', '--lang', 'en'])
    assert.equal(found.code, 1, found.all)
    assert.match(found.out, new RegExp(`^Entry changed after it was sealed \\(chain csref_djenne, seal 1, entry ${touched?.id}\\)$`, 'm')) // prettier-ignore
    assert.match(found.out, /^End of a chain gone: .* \(chain csref_djenne, seal \d+\)$/m)
  })

  test('survive a supervisor that is killed in the middle of a round', { skip: !isFull && 'full runs' }, async (t) => {
    await database.asSuperuser('truncate sis_audit.entry, sis_audit.seal')
    await database.asSuperuser(
      `insert into sis_audit.entry (id, chain, tenant, actor_name, action, outcome)
       select gen_random_uuid(), $1, $1, 'Essai', 'patient.read', 'success' from generate_series(1, 60000)`,
      [chain],
    )
    const environment = {
      DATABASE_URL: database.apiUrl,
      DATABASE_OWNER_URL: database.superuserUrl,
      SIS_MASTER_KEY: masterKey.toString('hex'),
      SIS_DATA_DIR: join(folder, 'killed'),
      SIS_WORKERS: '1',
      SIS_AUDIT_ANCHOR: join(folder, 'elsewhere', 'heads.jsonl'),
    }
    const killed = sis(t, ['serve'], environment)
    await until(async () => {
      const busy = await database.asSuperuser(`select 1 from pg_stat_activity where query ~ '^fetch \\d+ from sealing'`)
      return busy.length > 0 || undefined
    })
    killed.signal('SIGKILL')
    await killed.exit
    const seals = await database.asSuperuser<{ count: number }>('select count(*)::int from sis_audit.seal')
    t.diagnostic(`seals after the kill: ${seals[0]?.count}`)
    assert.equal(seals[0]?.count, 0, 'it was killed too late')
    const again = sis(t, ['serve'], environment)
    await again.ready()
    await write(database, [{ chain }])
    again.signal('SIGTERM')
    assert.equal(await again.exit, 0, again.output())
    const files = headsFilesOf({ dataDir: environment.SIS_DATA_DIR, auditAnchor: environment.SIS_AUDIT_ANCHOR })
    assert.equal(files.length, 2)
    for (const file of files) {
      assert.deepEqual(await kindsBy(file), [])
      assert.equal((await readHeads(file)).heads.at(-1)?.head, (await newest()).head)
      assert.ok(readFileSync(file, 'utf8').endsWith('\n'))
    }
  })
})
