import assert from 'node:assert/strict'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs' // prettier-ignore
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { openOwner, type Owner, type WholeContents } from '#tenancy'
import { loadConfig, type Config } from '../../src/config.ts'
import { auditKey } from '../../src/platform/audit/installation-key.ts'
import { keepNewest } from '../../src/platform/backup/files.ts'
import { keyCheckOf, listBackups, openWholeBackup, writeBackup, type Written } from '../../src/platform/backup/index.ts'
import { openBackup, restoreEstablishment } from '../../src/platform/transfer/index.ts'
import { newcomer, type Person } from '../../src/platform/users/people.fixture.ts'
import { BackupRefused } from '../../src/shared/backup-refused.ts'
import { refuseFullFolder, refuseOutput } from '../../src/supervisor/backup.ts'
import { drill } from '../../src/supervisor/drill.ts'
import { startEmbedded } from '../../src/supervisor/embedded.ts'
import { fillDatabase, refuseFullDisk } from '../../src/supervisor/restore.ts'
import { settleSwitch, switchTo } from '../../src/supervisor/switch.ts'
import { migrationsFolder, quiet } from '../cluster.ts'
import { atEnd, removeFolder } from '../ending.ts'
import { startExternal } from '../external-postgres.ts'
import { testPassword } from '../fixtures.ts'
import { harness } from '../harness.ts'
import { newDataDir, sis, until } from '../sis-process.ts'
import { isFull } from '../size.ts'
import { findPostgres, requireTool } from '../tools.ts'
import {
  archive,
  exported,
  fillStrangely,
  fileNamed,
  ownKey,
  passphrase as oneEstablishment,
  schemaOf,
} from './backup-world.ts'
import { backedUp, configOf, everyRow, masterKey, openRestored, passphrase, restoredInto } from './whole-world.ts'

// In memory where there is room: each new cluster is written to the disk for certain.
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'sis-whole-'))
const backups = join(folder, 'backups')
let config: Config
let written: Written
let rows: Record<string, string[]>
let person: Person
/** An access token of a session that was opened after the backup. */
let late: string
let isWriting = true

/** Two rows in one transaction, one in an establishment's schema and one in the shared record, as often as it goes. */
async function writePairs(schema: string): Promise<number> {
  const { database } = await harness()
  const client = new pg.Client({ connectionString: database.superuserUrl })
  await client.connect()
  let pairs = 0
  for (; isWriting; pairs++)
    await client.query(`begin; insert into ${schema}.service (id, name, name_key) values (gen_random_uuid(), 'paire', 'paire ${pairs}');
      insert into sis_audit.entry (id, chain, tenant, actor_name, action, outcome) values (gen_random_uuid(), '${schema}', '${schema}', 'x', 'essai.paire', 'success'); commit`)
  await client.end()
  return pairs
}

const isPair = (row: string): boolean => /paire/.test(row)
const withoutPairs = (all: Record<string, string[]>): Record<string, string[]> =>
  Object.fromEntries(Object.entries(all).map(([name, some]) => [name, some.filter((row) => !isPair(row))]))

/** What an establishment had before it was restored into its archived place: a schema that the directory does not know. */
async function setAside(owner: Owner, slug: string): Promise<void> {
  const { asSuperuser } = (await harness()).database
  await asSuperuser(
    `insert into ${await schemaOf(asSuperuser, slug)}.service (id, name, name_key) values (gen_random_uuid(), 'avant', 'avant')`,
  )
  await exported(owner, slug, fileNamed('aside.sis'))
  await archive(owner, asSuperuser, slug)
  const { kept } = await restoreEstablishment(owner, await openBackup(fileNamed('aside.sis'), oneEstablishment), {
    key: ownKey,
    actor: 'Essai',
  })
  assert.ok(kept)
}

before(async () => {
  mkdirSync(backups)
  const { database, csref, cscom, anonymous } = await harness()
  config = configOf(join(folder, 'source'))
  person = await newcomer(csref, 'awa.diarra', ['ADMIN_LOCAL'])
  await fillStrangely(database.asSuperuser, await schemaOf(database.asSuperuser, 'csref_djenne'))
  await anonymous.post('/api/v1/auth/login', { username: 'cscom_sangha.agent', password: testPassword }, 200)
  const owner = await database.owner()
  await setAside(owner, 'cabinet_etoile')
  await owner.sealAudit(auditKey(masterKey))
  // Of nobody: it stays behind, and what comes back does without it.
  owner.keepPrepared(1)
  await until(async () => (await database.asSuperuser('select from sis_platform.prepared')).length || undefined)
  await owner.close()
  const writing = writePairs(await schemaOf(database.asSuperuser, cscom.establishment.slug))
  await sleep(100)
  written = await backedUp(database, config, backups)
  isWriting = false
  assert.ok((await writing) > 10)
  rows = await everyRow(database.asSuperuser)
  const signedIn = await anonymous.post('/api/v1/auth/login', { username: 'csref_djenne.agent', password: testPassword }, 200) // prettier-ignore
  late = signedIn.body.access_token
})
after(() => removeFolder(folder))

describe('a backup of the whole', () => {
  test('comes back row by row with its keys; everybody signs in again, nobody is signed in still', async (t) => {
    assert.equal(statSync(written.file).mode & 0o777, 0o600)
    assert.deepEqual([written.masterKey, written.strangers], ['inside', []])
    assert.deepEqual(readdirSync(backups), [basename(written.file)])
    const dataDir = newDataDir(t)
    const { filled, aside } = await restoredInto(dataDir, written.file)
    assert.deepEqual([filled?.failed, filled?.recordFindings, aside], [[], 0, undefined])
    assert.ok((filled?.recordEntries ?? 0) > 20 && (filled?.closed.sessions ?? 0) > 0)
    const restored = await openRestored(dataDir)
    try {
      const there = await everyRow(restored.query)
      const pairs = Object.entries(there).map(([name, some]) => [name, some.filter(isPair).length] as const)
      const [services, entries] = pairs.filter(([, count]) => count > 0).map(([, count]) => count)
      assert.ok(services !== undefined && services === entries, `the same instant everywhere: ${services}, ${entries}`)
      const { 'sis_audit.entry': record, ...tables } = withoutPairs(there)
      const { 'sis_audit.entry': recordBefore, ...before } = withoutPairs(rows)
      assert.deepEqual(Object.keys(tables), Object.keys(before))
      for (const [name, expected] of Object.entries(before)) assert.deepEqual(tables[name], expected, name)
      assert.equal(
        Object.entries(tables).filter(([name, some]) => name.endsWith('.service') && some.length === 1).length,
        2,
      )
      const known = new Set(record)
      assert.deepEqual(
        recordBefore?.filter((row) => !known.has(row)),
        await sinceBackup(),
      )
      await signsIn(restored)
    } finally {
      await restored.close()
    }
  })

  /** The entry that the backup itself made. */
  async function sinceBackup(): Promise<string[]> {
    return (rows['sis_audit.entry'] ?? []).filter((row) => row.includes('installation.backup'))
  }

  async function signsIn({ app }: Awaited<ReturnType<typeof openRestored>>): Promise<void> {
    const post = (url: string, payload: object) => app.inject({ method: 'POST', url: `/api/v1/auth/${url}`, payload })
    const stolen = await post('refresh', { refresh_token: person.tokens.refresh_token })
    assert.equal(stolen.statusCode, 401, stolen.body)
    for (const token of [person.tokens.access_token, late]) {
      const me = await app.inject({ url: '/api/v1/services', headers: { authorization: `Bearer ${token}` } })
      assert.equal(me.statusCode, 401, me.body)
    }
    const agent = await post('login', { username: 'csref_djenne.agent', password: testPassword })
    assert.equal(agent.statusCode, 200, agent.body)
    const admin = await post('login', { username: 'awa.diarra', password: 'trois pirogues sur le Bani' })
    assert.equal(admin.json().code, 'second_factor_required', admin.body)
    const code = await post('second-factor', { challenge: admin.json().challenge, code: person.phone?.next() })
    assert.equal(code.statusCode, 200, code.body)
  }

  test('that was altered, cut or is of something else is refused', async () => {
    const copy = join(folder, 'copy.sis')
    const refused = async (path: string, code: string, phrase = passphrase): Promise<void> =>
      assert.rejects(openWholeBackup(path, phrase), (error) => error instanceof BackupRefused && error.code === code)
    const bytes = readFileSync(written.file)
    for (const at of isFull ? [0.01, 0.2, 0.5, 0.9, 0.999] : [0.5]) {
      const altered = Buffer.from(bytes)
      const place = 64 + Math.floor((bytes.length - 65) * at)
      altered.writeUInt8(altered.readUInt8(place) ^ 1, place)
      writeFileSync(copy, altered)
      await refused(copy, 'altered')
    }
    copyFileSync(written.file, copy)
    truncateSync(copy, bytes.length - 70_000)
    await refused(copy, 'altered')
    await refused(written.file, 'passphrase', `${passphrase} `)
    writeFileSync(copy, Buffer.concat([bytes.subarray(0, 8), Buffer.from([9]), bytes.subarray(9)]))
    await refused(copy, 'newer')
    writeFileSync(copy, 'rien')
    await refused(copy, 'unreadable')
    const { database } = await harness()
    const owner = await database.owner()
    await exported(owner, 'csref_djenne', fileNamed('one.sis'))
    await owner.close()
    await refused(fileNamed('one.sis'), 'one_establishment')
  })

  test('is not begun where it would not end', () => {
    assert.throws(
      () => refuseFullFolder(folder, { databaseBytes: 1e18 }),
      /Le disque n’a plus que .* libres dans .*sis-whole/,
    )
    refuseFullFolder(folder, { databaseBytes: 1e6 })
    assert.throws(() => refuseFullDisk(folder, { total: { bytes: 1e18 } }), /la base restaurée en demande environ/)
    refuseFullDisk(folder, { total: { bytes: 1e6 } })
    assert.throws(() => refuseOutput(written.file, undefined), /existe déjà/)
    assert.throws(() => refuseOutput(join(folder, 'nowhere', 'x.sis'), undefined), /le dossier n’existe pas/)
    assert.throws(() => refuseOutput(join(folder, 'x.sis'), 3), /--keep demande un dossier/)
  })

  test('is one at a time, keeps the newest, leaves no drafts, and is no backup without the right key', async () => {
    const { database } = await harness()
    const owner = await database.owner()
    const place = mkdtempSync(join(folder, 'kept-'))
    try {
      await owner.whole.read(async () => {
        const other = await database.owner()
        await assert.rejects(
          other.whole.read(async () => {}),
          { code: 'busy' },
        )
        await other.close()
      })
      for (const day of ['20260101', '20260102', '20260103'])
        copyFileSync(written.file, join(place, `sis-${written.installation}-${day}T000000Z.sis`))
      copyFileSync(written.file, join(place, `sis-${written.installation}-20260104T000000Z.sis.0a0b0c0d.part`))
      copyFileSync(written.file, join(place, 'sis-ffffffff-20260101T000000Z.sis'))
      const newest = await backedUp(database, config, place, 2)
      assert.deepEqual(
        readdirSync(place).sort(),
        ['sis-ffffffff-20260101T000000Z.sis', `sis-${written.installation}-20260103T000000Z.sis`, basename(newest.file)].sort(),
      ) // prettier-ignore
      assert.equal(listBackups(place)[0], newest.file)
      // A clock that was wrong once: the backup that was just made is not the one that goes.
      const future = join(place, `sis-${written.installation}-20990101T000000Z.sis`)
      copyFileSync(written.file, future)
      const removed = keepNewest(place, written.installation, 1, newest.file)
      assert.deepEqual(removed.sort(), [join(place, `sis-${written.installation}-20260103T000000Z.sis`), future].sort())
      assert.ok(existsSync(newest.file))
      copyFileSync(written.file, join(place, `sis-${written.installation}-20260103T000000Z.sis`))
      const foreign = loadConfig({ SIS_DATA_DIR: config.dataDir, SIS_MASTER_KEY: 'ab'.repeat(32) })
      await assert.rejects(backedUp(database, foreign, place, 1), /n’ouvre pas les clés/)
      assert.equal(readdirSync(place).length, 3)
      const runs = await database.asSuperuser(
        `select kind, outcome, count(*)::int from sis_platform.backup_run group by 1, 2 order by 1, 2`,
      )
      assert.deepEqual(runs, [
        { kind: 'backup', outcome: 'failure', count: 1 },
        { kind: 'backup', outcome: 'success', count: 2 },
      ])
    } finally {
      await owner.close()
    }
  })

  test('takes the place of what was there, whole or not at all, wherever it is cut off', () => {
    const names = ['postgres', 'postgres-password', 'api-password', 'master-key']
    const make = (): string => {
      const dataDir = mkdtempSync(join(folder, 'switch-'))
      for (const name of names) writeFileSync(join(dataDir, name), `old ${name}`)
      mkdirSync(join(dataDir, 'restoring'))
      // Its master key comes from the environment.
      for (const name of names.slice(0, 3)) writeFileSync(join(dataDir, 'restoring', name), `new ${name}`)
      return dataDir
    }
    const look = (dataDir: string): string[] =>
      readdirSync(dataDir, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8') + entry.parentPath.includes('before-'))
        .sort()
    const whole = make()
    const aside = switchTo(whole, 'x', new Date(0)) ?? ''
    const expected = look(whole)
    assert.deepEqual(expected.filter((found) => found.startsWith('new')).length, 3)
    for (let cut = 0; cut <= 7; cut++) {
      const dataDir = make()
      const plan = { aside: join(dataDir, basename(aside)), bring: names.slice(0, 3), taken: 'x' }
      writeFileSync(join(dataDir, 'restoring', 'complete'), JSON.stringify(plan))
      // The same moves in the same order, up to the cut.
      const moves = names.flatMap((name) => [
        [join(dataDir, name), join(plan.aside, name)],
        ...(plan.bring.includes(name) ? [[join(dataDir, 'restoring', name), join(dataDir, name)]] : []),
      ])
      if (cut > 0) mkdirSync(plan.aside)
      for (const [from = '', to = ''] of moves.slice(0, cut)) renameSync(from, to)
      assert.equal(settleSwitch(dataDir), 'x')
      assert.deepEqual(look(dataDir), expected, `cut after ${cut} moves`)
      assert.equal(settleSwitch(dataDir), undefined)
    }
  })

  test('that is half restored is not served, and no new database is made beside it', async (t) => {
    const dataDir = newDataDir(t)
    mkdirSync(join(dataDir, 'restoring', 'postgres'), { recursive: true })
    await assert.rejects(
      startEmbedded(dataDir, () => {}),
      /n’est pas terminée/,
    )
    const { database } = await harness()
    await database.asSuperuser('create schema sis_restoring')
    try {
      const owner = openOwner({ url: database.superuserUrl, migrationsFolder, log: quiet })
      await assert.rejects(owner.bootstrap(), /restauration n’y est pas terminée/)
      await assert.rejects(
        owner.whole.read(async () => {}),
        /restauration n’y est pas terminée/,
      )
      await owner.close()
    } finally {
      await database.asSuperuser('drop schema sis_restoring')
    }
    const owner = await database.owner()
    await assert.rejects(owner.whole.prepare(), { code: 'occupied' })
    await owner.close()
  })
})

describe('a drill', () => {
  const tried = (path: string) =>
    drill(loadConfig({ SIS_DATA_DIR: join(folder, 'elsewhere') }), {
      path,
      passphrase,
      scratch: folder,
      log: quiet,
      tell() {},
      actor: 'Essai',
    })
  const left = (): string[] => readdirSync(folder).filter((name) => name.startsWith('sis-drill-'))

  test('finds a backup whose record was tampered with, tells the rest, and leaves nothing', async () => {
    const { database } = await harness()
    mkdirSync(join(folder, 'sis-drill-killed', 'postgres'), { recursive: true })
    // Who else may write to the temporary folder does not say what is stopped and removed.
    const others = join(folder, 'others', 'postgres', 'postmaster.pid')
    mkdirSync(join(folder, 'others', 'postgres'), { recursive: true })
    writeFileSync(others, '2\n')
    symlinkSync(join(folder, 'others'), join(folder, 'sis-drill-link'))
    const [entry] = await database.asSuperuser<{ seq: string }>(
      `select e.seq::text as seq from sis_audit.entry e where exists
         (select from sis_audit.seal s where s.chain = e.chain and e.xid >= s.from_xid and e.xid < s.to_xid) limit 1`,
    )
    await database.asSuperuser(`update sis_audit.entry set actor_name = 'personne' where seq = $1`, [entry?.seq])
    const { file } = await backedUp(database, config, join(folder, 'tampered.sis'))
    const report = await tried(file)
    assert.equal(report.outcome, 'failure')
    assert.deepEqual(report.failures, ['Le journal d’audit a des anomalies : 1 (npx sis audit verify).'])
    assert.deepEqual([report.recordFindings, report.critical, report.establishments], [1, [], 4])
    assert.ok((report.readySeconds ?? 0) > 0 && (report.ageSeconds ?? -1) >= 0)
    assert.ok(existsSync(others))
    assert.deepEqual(left(), ['sis-drill-link'])
    rmSync(join(folder, 'sis-drill-link'))
  })

  test('finds a file that was damaged', async () => {
    const path = join(folder, 'damaged.sis')
    copyFileSync(written.file, path)
    truncateSync(path, statSync(path).size - 1)
    const report = await tried(path)
    assert.deepEqual([report.outcome, report.failures.length, left()], ['failure', 1, []])
  })
})

describe('a backup of the whole, at length', { skip: !isFull && 'only with --full' }, () => {
  test('whose tables cannot be what it says is not restored at all', async (t) => {
    const { database } = await harness()
    const owner = await database.owner()
    // Rows that no table takes, and rows that are stored in another form than they came.
    const lies: [string, (bytes: Buffer) => Buffer][] = [
      ['content', (bytes) => Buffer.concat([bytes, bytes])],
      ['differs', (bytes) => Buffer.from(bytes.toString().replace(/^2026\t/gm, '02026\t'))],
    ]
    for (const [code, lie] of lies) {
      const target = newDataDir(t)
      const { file } = await owner.whole.read(async (contents) =>
        writeBackup(
          {
            ...owner,
            whole: { ...owner.whole, read: (work) => work({ ...contents, parts: () => lying(contents, lie) }) },
          },
          { output: join(folder, `${code}.sis`), passphrase, program: 'x', masterKey, keyCheck: keyCheckOf(masterKey) },
        ),
      )
      await assert.rejects(restoredInto(target, file), { code })
      assert.ok(!existsSync(join(target, 'postgres')))
    }
    await owner.close()
  })

  async function* lying({ parts }: Pick<WholeContents, 'parts'>, lie: (bytes: Buffer) => Buffer) {
    for await (const part of parts()) {
      async function* read(): AsyncGenerator<Buffer> {
        const pieces: Buffer[] = []
        for await (const piece of part.read()) pieces.push(piece)
        const all = Buffer.concat(pieces)
        if (all.length > 0) yield part.name === 'file_counter' ? lie(all) : all
      }
      yield { ...part, read }
    }
  }

  test('is a command: kept beside a running server, killed half way, tried, in place of a demonstration', async (t) => {
    const [source, target, kept] = [newDataDir(t), newDataDir(t), mkdtempSync(join(folder, 'command-'))]
    const phrase = join(folder, 'phrase')
    writeFileSync(phrase, `${passphrase}\n`, { mode: 0o600 })
    const run = async (args: string[], dataDir: string): Promise<string> => {
      const command = sis(t, [...args, '--passphrase-file', phrase], { SIS_DATA_DIR: dataDir })
      const code = await command.exit
      return `${code} ${command.output()}`
    }
    const served = sis(t, ['serve'], { SIS_DATA_DIR: source, SIS_DEMO_PASSWORD: testPassword })
    await served.ready()
    assert.match(await run(['backup', '--output', kept, '--keep', '3'], source), /^0 .*relues et vérifiées/s)
    assert.match(await run(['backup', 'drill', kept], source), /^0 .*Essai réussi/s)
    assert.match(await run(['restore', kept, '--replace', '--yes'], source), /^1 .*utilise déjà le dossier/s)
    for (const after of [800, 2_500, 4_500]) {
      const killed = sis(t, ['restore', kept, '--passphrase-file', phrase], { SIS_DATA_DIR: target })
      await Promise.race([killed.exit, sleep(after)])
      killed.signal('SIGKILL')
      await killed.exit
    }
    const again = await run(['restore', kept], target)
    assert.match(again, /^(0|1 .*Il y a déjà une base)/s)
    assert.match(await run(['restore', kept], target), /^1 .*--replace/s)
    const replaced = await run(['restore', kept, '--replace', '--yes'], target)
    assert.match(replaced, /^0 .*est gardé dans/s)
    const back = sis(t, ['serve'], { SIS_DATA_DIR: target })
    await back.ready()
    const login = await fetch(`${back.url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'csref_djenne.agent', password: testPassword }),
    })
    assert.equal(login.status, 200)
    for (const one of [served, back]) {
      one.signal('SIGINT')
      await one.exit
    }
  })

  test('goes from an external PostgreSQL of another major version into the embedded one, and back', async (t) => {
    const bin = process.env['SIS_TEST_POSTGRES'] ?? findPostgres()
    if (!requireTool(t, bin, 'PostgreSQL 15 or later (apt-get install postgresql)')) return
    const external = await startExternal(bin)
    atEnd(t, () => external.stop())
    const asSuperuser = async (name: string, sql: string): Promise<pg.QueryResult> => {
      const client = new pg.Client({ connectionString: external.url(name) })
      await client.connect()
      try {
        return await client.query(sql)
      } finally {
        await client.end()
      }
    }
    for (const name of ['before', 'after']) await asSuperuser('postgres', `create database ${name}`)
    const dataDir = newDataDir(t)
    const there = (name: string) => ({ ...configOf(`${dataDir}-${name}`), databaseUrl: external.url(name) })
    const first = await openWholeBackup(written.file, passphrase)
    const restoring = { log: quiet, tell() {}, actor: 'x', fileName: 'x', key: masterKey }
    // A cluster that has lived longer than the seals: its numbers say nothing, yet the record goes on in a new era.
    await asSuperuser(
      'postgres',
      'do $$ begin for i in 1..20000 loop perform pg_current_xact_id(); commit; end loop; end $$',
    )
    await fillDatabase(there('before'), first, restoring)
    const { rows: eras } = await asSuperuser('before', 'select distinct era from sis_audit.entry order by 1')
    assert.deepEqual(eras, [{ era: 1 }, { era: 2 }])
    await assert.rejects(fillDatabase(there('before'), first, restoring), { code: 'occupied' })
    // Cut off half way: the next attempt begins anew.
    await asSuperuser('before', 'create schema sis_restoring')
    await fillDatabase(there('before'), first, restoring)

    const source = await everyRow(async <R extends pg.QueryResultRow>(sql: string) => {
      const { rows: found } = await asSuperuser('before', sql)
      return found as R[]
    })
    const owner = openOwner({ url: external.url('before'), migrationsFolder, log: quiet })
    const moved = await writeBackup(owner, {
      output: join(folder, 'external.sis'),
      passphrase,
      program: 'x',
      masterKey: undefined,
      keyCheck: keyCheckOf(masterKey),
    })
    await owner.close()
    const target = configOf(newDataDir(t)).dataDir
    const { filled } = await restoredInto(target, moved.file)
    assert.equal(filled?.recordFindings, 0)
    const restored = await openRestored(target)
    const found = await everyRow(restored.query)
    for (const [name, expected] of Object.entries(source)) {
      const known = new Set(found[name])
      assert.deepEqual(expected.filter((row) => !known.has(row)), [], name) // prettier-ignore
    }
    await restored.close()
  })
})
