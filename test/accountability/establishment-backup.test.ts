import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, statSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, describe, test, type TestContext as Test } from 'node:test'
import pg from 'pg'
import type { Owner } from '#tenancy'
import { OwnerPool } from '../../src/tenancy/owner/connection.ts'
import { readMigrations } from '../../src/tenancy/owner/migrations.ts'
import { readEstablishment } from '../../src/tenancy/transfer/read.ts'
import {
  headerBytes,
  openBackup,
  openSealing,
  restoreEstablishment,
  verifyBackup,
  verifyRestored,
  type RestoreOptions,
} from '../../src/platform/transfer/index.ts'
import { migrationsFolder, startDatabase, type TestDatabase } from '../cluster.ts'
import { newDataDir, sis, until, type SisProcess } from '../sis-process.ts'
import { isFull, random, seed, size } from '../size.ts'
import {
  digestOf,
  exported,
  fileNamed,
  fillMany,
  fillStrangely,
  masterKey,
  foreignKey,
  forge,
  traces,
  openElsewhere,
  ownKey,
  passphrase,
  rowsOf,
  schemaOf,
  archive,
  type Elsewhere,
  type Query,
} from './backup-world.ts'

type World = { database: TestDatabase; owner: Owner; query: Query; elsewhere: Elsewhere; schema: string }
let shared: Promise<World> | undefined
const world = (): Promise<World> => (shared ??= open())
async function open(): Promise<World> {
  const database = await startDatabase()
  const query = database.asSuperuser
  const schema = await schemaOf(query, 'csref_djenne')
  await fillStrangely(query, schema)
  const [owner, elsewhere] = [await database.owner(), await openElsewhere(database)]
  return { database, owner, elsewhere, query, schema }
}
after(async () => {
  if (!shared) return
  const { database, owner, elsewhere } = await shared
  await owner.close()
  await elsewhere.close()
  await database.stop()
})
const onlyFull = !isFull && 'many processes and rows: npm run test:accountability'
const restoring = { key: ownKey, actor: 'Essai' }

describe('an establishment’s backup', () => {
  test('comes back row by row: under a new slug, elsewhere, and into its archived place', async () => {
    const { owner, query, schema, elsewhere } = await world()
    const path = fileNamed('round.sis')
    await query(`update sis_platform.establishment set modules = '{"stays": {"mode": "observation", "enabled": true}}' where slug = 'csref_djenne'`) // prettier-ignore
    const before = await rowsOf(query, schema)
    assert.ok((before['patient']?.length ?? 0) > 20 && (before['record']?.length ?? 0) > 20)
    // Numbers that a sequence gives would begin anew in the copy: whoever adds one must carry it over.
    assert.deepEqual(await query(`select relname from pg_class where relkind = 'S' and relnamespace = $1::regnamespace`, [schema]), []) // prettier-ignore
    const written = await exported(owner, 'csref_djenne', path)
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.deepEqual(readdirSync(dirname(path)).filter((name) => name.endsWith('.part')), []) // prettier-ignore
    const backup = await openBackup(path, passphrase)
    assert.equal(backup.rows, written.rows)

    const copy = await restoreEstablishment(owner, backup, { ...restoring, as: 'csref_copie' })
    assert.deepEqual(await rowsOf(query, await schemaOf(query, 'csref_copie')), before)
    assert.notEqual(copy.id, backup.manifest.establishment.id)
    const modulesOf = async (of: Query, slug: string) => (await of<{ modules: unknown }>('select modules from sis_platform.establishment where slug = $1', [slug]))[0]?.modules // prettier-ignore
    const chosen = { stays: { enabled: true, mode: 'observation' } }
    assert.deepEqual(await modulesOf(query, 'csref_copie'), chosen)

    const there = await restoreEstablishment(elsewhere.owner, backup, {
      key: foreignKey,
      trust: ownKey.kid,
      actor: 'x',
    })
    assert.equal(there.slug, 'csref_djenne')
    assert.deepEqual(await modulesOf(elsewhere.query, 'csref_djenne'), chosen)
    assert.deepEqual(await rowsOf(elsewhere.query, await schemaOf(elsewhere.query, 'csref_djenne')), before)

    await archive(owner, query, 'csref_djenne')
    await query(`insert into sis_audit.entry (id, chain, tenant, actor_name, action, outcome) values (gen_random_uuid(), 'platform', $1, 'x', 'since', 'success')`, [schema]) // prettier-ignore
    await query(`delete from ${schema}.consultation`)
    // As after the restore of the whole to an earlier day: the file knows what the record does not any more.
    await query(`delete from sis_audit.entry where seq = (select max(seq) from sis_audit.entry where tenant = $1 and chain = $1)`, [schema]) // prettier-ignore
    const back = await restoreEstablishment(owner, backup, restoring)
    const after = await rowsOf(query, schema)
    // Its record was never away: what happened since the export stays on it.
    assert.equal(after['record']?.filter((row) => row.includes(',since,')).length, 1)
    assert.deepEqual({ ...after, record: after['record']?.filter((row) => !row.includes(',since,')) }, before)
    assert.ok(back.kept !== undefined && back.entries === 1)
    assert.deepEqual(await verifyRestored(owner, 'csref_djenne'), [])
  })

  test('brings a record that still verifies, and shows whatever is done to it', async (t) => {
    const { owner, query } = await world()
    const path = fileNamed('record.sis')
    await exported(owner, 'csref_djenne', path)
    await restoreEstablishment(owner, await openBackup(path, passphrase), { ...restoring, as: 'csref_registre' })
    const look = async () => (await verifyRestored(owner, 'csref_registre')).map(({ fault }) => fault)
    assert.deepEqual(await look(), [undefined])
    const schema = await schemaOf(query, 'csref_registre')
    const [proof] = await query<{ first: string; last: string }>(
      'select first_seq as first, last_seq as last from sis_audit.restored where tenant = $1',
      [schema],
    )
    const some = `tenant = '${schema}' and origin is not null`
    const one = `seq = (select seq from sis_audit.entry where ${some} order by random() limit 1)`
    const attacks: [string, string, string][] = [
      ['edited', `update sis_audit.entry set actor_name = actor_name || '.' where ${one}`, 'entries'],
      ['moved', `update sis_audit.entry set at = at + interval '1 ms' where ${one}`, 'entries'],
      ['removed', `delete from sis_audit.entry where ${one}`, 'entries'],
      ['cut off', `delete from sis_audit.entry where ${some} and seq > ${proof?.last} - 5`, 'entries'],
      ['given away', `update sis_audit.entry set tenant = 'another' where ${one}`, 'entries'],
      ['disowned', `update sis_audit.entry set origin = null where ${one}`, 'entries'],
      ['inserted', `insert into sis_audit.entry overriding system value select -1, era, xid, gen_random_uuid(), chain, origin, tenant, at, actor_id, actor_name, actor_role, session_id, action, resource, resource_id, patients, outcome, reason, ip, request_id, detail from sis_audit.entry where ${one}; update sis_audit.restored set first_seq = -1`, 'entries'],
      ['shortened', `update sis_audit.restored set last_seq = last_seq - 1`, 'entries'],
      ['statement', `update sis_audit.restored set statement = set_byte(statement, 30, 65)`, 'signature'],
      ['signature', `update sis_audit.restored set signature = set_byte(signature, 3, 1 + get_byte(signature, 3) % 250)`, 'signature'],
      ['another key', `update sis_audit.restored set public_key = '${foreignKey.publicKey}'`, 'signature'],
      ['signed anew', `update sis_audit.restored set public_key = '${foreignKey.publicKey}',
         signature = '\\x${foreignKey.sign(await statementOf(query, schema)).toString('hex')}'`, 'unannounced'],
    ] // prettier-ignore
    for (const [name, sql, fault] of attacks) {
      await t.test(name, async () => {
        await query(`create table aside as select * from sis_audit.entry where tenant = '${schema}'`)
        await query('create table proof as select * from sis_audit.restored')
        for (const statement of sql.split('; ')) await query(statement)
        assert.deepEqual(await look(), [fault])
        await query(`delete from sis_audit.entry where tenant in ('${schema}', 'another')`)
        await query('insert into sis_audit.entry overriding system value select * from aside')
        await query('delete from sis_audit.restored')
        await query('insert into sis_audit.restored select * from proof')
        await query('drop table aside')
        await query('drop table proof')
        assert.deepEqual(await look(), [undefined])
      })
    }
  })

  test('is refused when a byte was changed, a piece is missing, doubled or elsewhere, and without the passphrase', async (t) => {
    const { owner } = await world()
    const path = fileNamed('whole.sis')
    await exported(owner, 'csref_djenne', path)
    const whole = readFileSync(path)
    const sealing = await openSealing(whole.subarray(0, headerBytes), passphrase)
    const chunk = 64 * 1024 + 16
    assert.ok(whole.length > headerBytes + 2 * chunk, `${whole.length} bytes`)
    const part = (from: number, to?: number): Buffer => whole.subarray(from, to)
    const first = headerBytes + chunk
    const cases: [string, Buffer][] = [
      ['cut at a chunk', part(0, first)],
      ['cut within one', part(0, whole.length - 7)],
      ['only the beginning', part(0, headerBytes)],
      ['chunks swapped', Buffer.concat([part(0, headerBytes), part(first, first + chunk), part(headerBytes, first), part(first + chunk)])],
      ['a chunk doubled', Buffer.concat([part(0, first), part(headerBytes)])],
      ['a chunk left out', Buffer.concat([part(0, headerBytes), part(first)])],
      ['something added', Buffer.concat([whole, Buffer.from('x')])],
      ['the end twice', Buffer.concat([whole, part(headerBytes + Math.floor((whole.length - headerBytes) / chunk) * chunk)])],
    ] // prettier-ignore
    t.diagnostic(`seed ${seed}`)
    const choose = random('bytes of a backup')
    for (let count = 0; count < size(60, 5_000); count++) {
      const altered = Buffer.from(whole)
      const at =
        isFull && count < headerBytes
          ? count
          : choose.chance(0.1)
            ? choose.int(0, headerBytes - 1)
            : headerBytes + choose.int(0, whole.length - headerBytes - 1)
      altered[at] = (altered[at] ?? 0) ^ (1 << choose.int(0, 7))
      cases.push([`byte ${at}`, altered])
    }
    const place = fileNamed('altered.sis')
    for (const [name, bytes] of cases) {
      writeFileSync(place, bytes)
      // The header is bound to each chunk: even who has the right key finds it changed.
      const opening = { ...sealing, header: bytes.subarray(0, headerBytes) }
      await assert.rejects(verifyBackup(place, opening), refusal('altered'), name)
    }
    await assert.rejects(openBackup(path, `${passphrase}.`), refusal('passphrase'))
    for (const [at, code] of [[0, 'unreadable'], [8, 'newer'], [9, 'unreadable'], [20, 'passphrase']] as const) {
      const altered = Buffer.from(whole)
      altered[at] = 0xff
      writeFileSync(place, altered)
      await assert.rejects(openBackup(place, passphrase), refusal(code), `byte ${at}`)
    } // prettier-ignore
    writeFileSync(place, '')
    await assert.rejects(openBackup(place, passphrase), refusal('unreadable'))
    // As typed on a telephone: the same letters, put together otherwise.
    assert.equal((await openBackup(path, passphrase.normalize('NFD'))).rows > 0, true)
  })

  test('is refused onto a live place, under a slug that was used, without trust, and leaves nothing', async () => {
    const { owner, query, elsewhere } = await world()
    const path = fileNamed('refused.sis')
    await exported(owner, 'csref_djenne', path)
    const backup = await openBackup(path, passphrase)
    const foreign = fileNamed('foreign.sis')
    await exported(owner, 'csref_djenne', foreign, { key: foreignKey, installation: 'ffff' })
    const theirs = await openBackup(foreign, passphrase)
    const before = await traces(query)
    const restore = (options: Partial<RestoreOptions> = {}, from = backup) =>
      restoreEstablishment(owner, from, { ...restoring, ...options })
    await assert.rejects(async () => restore(), refusal('live'))
    await assert.rejects(async () => restore({ as: 'cscom_sangha' }), refusal('live'))
    await query(`update sis_platform.establishment set status = 'suspended' where slug = 'csref_djenne'`)
    await assert.rejects(async () => restore(), refusal('live'))
    await query(`update sis_platform.establishment set status = 'archived' where slug = 'csref_djenne'`)
    // Another's backup does not take the place of ours, whatever id it claims; nor does one under `--as`.
    await assert.rejects(async () => restore({ trust: foreignKey.kid }, theirs), refusal('taken'))
    await query(`update sis_platform.establishment set status = 'archived' where slug = 'cscom_sangha'`)
    await assert.rejects(async () => restore({ as: 'cscom_sangha' }), refusal('taken'))
    await assert.rejects(async () => restore({ as: 'csref_neuf' }, theirs), (error: { code: string; lines: string[] }) => {
      assert.equal(error.code, 'untrusted')
      return error.lines.some((line) => line.includes(foreignKey.kid))
    }) // prettier-ignore
    await assert.rejects(async () => restore({ as: 'csref_neuf', trust: ownKey.kid }, theirs), refusal('untrusted'))
    await query(
      `update sis_platform.establishment set status = 'active' where slug in ('csref_djenne', 'cscom_sangha')`,
    )
    const trial = await restore({ as: 'csref_neuf', trust: foreignKey.kid, dryRun: true, withAccounts: true }, theirs)
    assert.equal(trial.rows, theirs.rows)
    assert.deepEqual(await traces(query), before)

    // Elsewhere nobody has these names: accounts without a password, for those who work there only.
    const far = { key: foreignKey, trust: ownKey.kid, as: 'csref_loin', actor: 'Essai', withAccounts: true }
    const { people } = await restoreEstablishment(elsewhere.owner, backup, far)
    assert.deepEqual(people, ['csref_djenne.admin', 'csref_djenne.agent'])
    const accounts = await elsewhere.query(
      `select username, a.status, password_hash, platform_role, demo, role from sis_platform.account a join sis_platform.membership m on m.account_id = a.id
       where m.establishment_id = (select id from sis_platform.establishment where slug = 'csref_loin') order by 1`,
    )
    assert.deepEqual(accounts, [
      { username: 'csref_djenne.admin', status: 'invited', password_hash: null, platform_role: null, demo: false, role: 'ADMIN_LOCAL' },
      { username: 'csref_djenne.agent', status: 'invited', password_hash: null, platform_role: null, demo: false, role: 'SIS_CSREF' },
    ]) // prettier-ignore
    // Here the names are taken: nobody is let in by his name.
    assert.deepEqual((await restore({ as: 'csref_ici', withAccounts: true })).people, [])
  })

  test('made by an attacker whom the operator trusts is refused, or holds no more than rows', async (t) => {
    const { owner, query } = await world()
    const { manifest, rows } = await snapshotOf(owner, 'csref_djenne')
    const before = await traces(query)
    const restore = async ({ path, sealing }: Awaited<ReturnType<typeof forge>>) =>
      restoreEstablishment(owner, await verifyBackup(path, sealing), {
        ...restoring,
        as: 'csref_pirate',
        trust: foreignKey.kid,
      })
    const tables = manifest.tables
    const patient = tables.findIndex(({ name }) => name === 'patient')
    const renamed = (name: string) => tables.map((table, index) => (index === patient ? { ...table, name } : table))
    const reshaped = (change: (columns: string[]) => string[]) =>
      tables.map((table, index) => (index === patient ? { ...table, columns: change(table.columns) } : table))
    const service = (text: string) => (name: string) => (name === 'service' ? Buffer.from(text) : rows(name))
    const id = '018f0000-0000-7000-8000-000000000000'
    const line = (name: string): string =>
      `${id}\t${name}\tx\tt\t1\t2026-01-01 00:00:00+00\t2026-01-01 00:00:00+00\t\\N\t\\N\t\\N\n`
    const cases: [string, string, object, ((name: string) => Buffer)?][] = [
      ['a table named as a statement', 'content', { tables: renamed('patient; drop table service; --') }],
      ['a table of the platform', 'content', { tables: renamed('account') }],
      ['a table that is not ours', 'content', { tables: renamed('pg_authid') }],
      ['a table less', 'content', { tables: tables.filter((_, index) => index !== patient) }],
      ['a table twice', 'content', { tables: [...tables, tables[patient]] }],
      ['a column more', 'content', { tables: reshaped((columns) => [...columns, 'tableoid']) }],
      ['a column less', 'content', { tables: reshaped((columns) => columns.slice(1)) }],
      ['a column twice', 'content', { tables: reshaped(([first = '', , ...rest]) => [first, first, ...rest]) }],
      ['a column named as a statement', 'content', { tables: reshaped(([, ...rest]) => ['id) from program $$id$$; --', ...rest]) }],
      ['rows that no table takes', 'content', {}, service('x\ty\n')],
      ['DDL for rows', 'content', {}, service('drop schema sis_platform cascade;\n')],
      ['the end of COPY, then a statement', 'content', {}, service(`${line('Un')}\\.\ndrop table patient;\n`)],
      ['a row without an end', 'content', {}, service(randomBytes(33 * 1024 ** 2).toString('hex'))],
      ['what refers to nothing', 'content', {}, (name) => (name === 'patient' ? Buffer.alloc(0) : rows(name))],
      ['a record under another name', 'content', {}, (name) => (name === '_record' ? Buffer.from('x\n') : rows(name))],
      ['a newer migration', 'newer', { migrations: [...manifest.migrations, { version: 99, name: 'x', checksum: '0'.repeat(64) }] }],
      ['another migration', 'migrations', { migrations: manifest.migrations.map((one) => ({ ...one, checksum: '0'.repeat(64) })) }],
      ['no migration', 'migrations', { migrations: [] }],
      ['a newer format', 'newer', { format: 2 }],
      ['a field more', 'content', { sql: 'drop table patient' }],
      ['a slug that is none', 'content', { establishment: { ...manifest.establishment, slug: 'a"; --' } }],
      ['gigabytes of nothing', 'bomb', {}, (name) => Buffer.from(name === 'service' ? `${'x'.repeat(4095)}\n`.repeat(10_000) : '')],
    ] // prettier-ignore
    t.diagnostic(`seed ${seed}`)
    const choose = random('hostile backups')
    for (const [name, code, change, read = rows] of cases) {
      // What is found only once a schema was made for it costs a fifth of a second each: a few of them in `npm test`.
      if (!isFull && code === 'content' && (name === 'a row without an end' || !choose.chance(0.2))) continue
      await t.test(name, async () => {
        const forged = await forge('forged.sis', { ...manifest, ...change }, (table) => one(read(table.name)))
        await assert.rejects(async () => restore(forged), refusal(code))
        assert.deepEqual(await traces(query), before)
      })
    }
    await t.test('counts that are not so', async () => {
      const lying = await forge('forged.sis', manifest, (table) => one(rows(table.name)), undefined, (trailer) => {
        for (const table of trailer.tables) table.rows = 1e9
      }) // prettier-ignore
      await assert.rejects(async () => restore(lying), refusal('signature'))
    })
    await t.test('our key’s name under another’s signature, by who knows the passphrase', async () => {
      for (const key of [{ ...ownKey, sign: foreignKey.sign }, { ...foreignKey, sign: ownKey.sign }])
        await assert.rejects(async () => restore(await forge('forged.sis', manifest, (table) => one(rows(table.name)), key)), refusal('signature')) // prettier-ignore
    })
    await t.test('statements in values stay values (control: the same file without a fault is taken)', async () => {
      const text = `'); drop schema ${await schemaOf(query, 'csref_djenne')} cascade; --`
      const harmless = await forge('forged.sis', manifest, (table) => one(table.name === 'service' ? Buffer.concat([rows('service'), Buffer.from(line(text))]) : rows(table.name))) // prettier-ignore
      await restore(harmless)
      const schema = await schemaOf(query, 'csref_pirate')
      const [stored] = await query<{ name: string }>(`select name from ${schema}.service where id = $1`, [id])
      assert.equal(stored?.name, text)
    })
  })

  test('by the command, killed half way: no trace of it, and the next one is whole', async (t) => {
    const { database, owner, query } = await world()
    const secret = fileNamed('passphrase')
    writeFileSync(secret, `${passphrase}\n`)
    const path = fileNamed('command.sis')
    await exported(owner, 'csref_djenne', path)
    const before = await traces(query)
    const lock = new pg.Client({ connectionString: database.superuserUrl })
    lock.on('error', () => {})
    await lock.connect()
    t.after(() => lock.end())
    await lock.query('begin; lock table sis_platform.establishment in share mode')
    const victim = start(t, database, ['establishment', 'restore', path, '--as', 'csref_tue', '--yes', '--passphrase-file', secret]) // prettier-ignore
    const isWaiting = async () =>
      (await query(`select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like 'insert into sis_platform.establishment%'`)).length > 0 || undefined // prettier-ignore
    await Promise.race([until(isWaiting), victim.exit.then(() => assert.fail(victim.output()))])
    victim.signal('SIGKILL')
    await victim.exit
    await lock.end()
    await until(async () => (await query(`select 1 from pg_stat_activity where application_name = 'sis-owner' and state <> 'idle'`)).length === 0 || undefined) // prettier-ignore
    assert.deepEqual(await traces(query), before)
    await restoreEstablishment(owner, await openBackup(path, passphrase), { ...restoring, as: 'csref_tue' })
    assert.deepEqual(
      (await verifyRestored(owner, 'csref_tue')).map(({ fault }) => fault),
      [undefined],
    )
  })

  test(
    'by the command, as a script uses it: on record, verified, and refused in a sentence',
    { skip: onlyFull },
    async (t) => {
      const { database, query } = await world()
      const run = commands(t, database)
      const secret = fileNamed('passphrase')
      writeFileSync(secret, `${passphrase}\n`)
      const [path, options] = [fileNamed('script.sis'), ['--passphrase-file', secret, '--json']]
      const done = await run('establishment', 'export', 'sih_mopti', '--output', path, ...options)
      assert.equal(done.code, 0, done.output)
      const { sha256, recordFindings } = done.json()
      assert.equal(sha256, createHash('sha256').update(readFileSync(path)).digest('hex'))
      assert.equal(recordFindings, 0)
      const events = await query(
        `select action, detail->>'sha256' as sha256 from sis_audit.entry where tenant = $1 and action like 'establishment.export%' order by seq`,
        [await schemaOf(query, 'sih_mopti')],
      )
      assert.deepEqual(events, [{ action: 'establishment.export', sha256: null }, { action: 'establishment.exported', sha256 }]) // prettier-ignore
      const restored = await run('establishment', 'restore', path, '--as', 'sih_script', '--yes', ...options)
      assert.equal(restored.code, 0, restored.output)
      const verified = await run('audit', 'verify', '--establishment', 'sih_script', '--no-anchors', '--json')
      assert.equal(verified.code, 0, verified.output)
      assert.equal((verified.json()['restored'] as unknown[]).length, 1)
      await query(`update sis_audit.entry set actor_name = 'x' where tenant = $1 and origin is not null`, [await schemaOf(query, 'sih_script')]) // prettier-ignore
      assert.equal((await run('audit', 'verify', '--establishment', 'sih_script', '--no-anchors')).code, 1)
      // The damage is not signed as if it had always been so.
      const marked = await run('establishment', 'export', 'sih_script', '--output', fileNamed('marked.sis'), ...options)
      assert.ok(Number(marked.json()['recordFindings']) > 0)
      writeFileSync(secret, 'trop courte\n')
      for (const [args, sentence] of [
        [['export', 'sih_mopti', '--output', path, ...options], /existe déjà/],
        [['export', 'sih_mopti', '--output', fileNamed('short.sis'), ...options], /15 caractères/],
        [['export', 'sih_mopti', '--output', fileNamed('unasked.sis')], /--passphrase-file/],
        [['export', 'sih_mopti', '--output', '/nowhere/x.sis', ...options], /n’existe pas/],
        [['export', 'sih_mopti', '--output', dirname(path), '--force', ...options], /n’est pas un fichier ordinaire/],
        [['restore', dirname(path), ...options], /est un dossier/],
        [['restore', fileNamed('nothing.sis'), ...options], /n’existe pas/],
        [['restore', path, ...options], /phrase secrète n’ouvre pas/],
      ] as const) {
        const refused = await run('establishment', ...args)
        assert.equal(refused.code, 1, refused.output)
        assert.match(refused.output, sentence)
      }
      assert.deepEqual(readdirSync(dirname(path)).filter((name) => name.endsWith('.part')), []) // prettier-ignore
    },
  )

  test('takes seconds and little memory among 2,000 establishments', { skip: onlyFull }, async (t) => {
    const { database, owner, query } = await world()
    await fillMany(query, await schemaOf(query, 'sih_mopti'), 100_000)
    for (let made = 0; made < 2_000;) {
      const batch = Array.from({ length: 4 }, () => `cscom_n${made++}`)
      await Promise.all(batch.map((slug) => owner.createEstablishment({ slug, name: `CSCOM ${slug}`, type: 'cscom', region: 'Mopti' }))) // prettier-ignore
    }
    const secret = fileNamed('passphrase')
    writeFileSync(secret, `${passphrase}\n`)
    const path = fileNamed('large.sis')
    for (const args of [
      ['establishment', 'list'],
      ['establishment', 'export', 'sih_mopti', '--output', path, '--passphrase-file', secret],
      ['establishment', 'restore', path, '--as', 'sih_grand', '--yes', '--passphrase-file', secret],
      ['establishment', 'export', 'cscom_n7', '--output', fileNamed('small.sis'), '--passphrase-file', secret],
      ['establishment', 'restore', fileNamed('small.sis'), '--as', 'cscom_petit', '--yes', '--passphrase-file', secret],
    ]) {
      const began = Date.now()
      const program = start(t, database, args)
      let megabytes = 0
      const watch = setInterval(() => (megabytes = Math.max(megabytes, peakOf(program.pid))), 50)
      assert.equal(await program.exit, 0, program.output())
      clearInterval(watch)
      t.diagnostic(`${args.slice(0, 3).join(' ')}: ${Date.now() - began} ms, at most ${megabytes} MB`)
      assert.ok(megabytes < 400, `${megabytes} MB`)
    }
    t.diagnostic(`${statSync(path).size} bytes`)
    assert.deepEqual(
      digestOf(await rowsOf(query, await schemaOf(query, 'sih_grand'))),
      digestOf(await rowsOf(query, await schemaOf(query, 'sih_mopti'))),
    )
  })

  test('is of one instant, whatever is written meanwhile (control: without the snapshot it is torn)', async () => {
    const { database, query } = await world()
    const schema = await schemaOf(query, 'cscom_sangha')
    const files = await readMigrations(join(migrationsFolder, 'tenant'))
    const write = () =>
      query(
        `with one as (insert into ${schema}.service (id, name, name_key) select gen_random_uuid(), 'x', gen_random_uuid()::text returning id)
         insert into ${schema}.specialty (id, name, name_key) select id, 'x', id::text from one`,
      )
    const differ = async (pool: OwnerPool): Promise<number> => {
      pool.workAs(`sis_${database.installation}_owner`)
      try {
        return await readEstablishment(pool, 'cscom_sangha', files, async ({ tables, read }) => {
          const ids = async (name: string): Promise<string[]> => {
            const table = tables.find((one) => one.name === name)
            assert.ok(table)
            const pieces: Buffer[] = []
            for await (const piece of read(table)) pieces.push(piece)
            return Buffer.concat(pieces).toString().split('\n').map((row) => row.split('\t')[0] ?? '').sort() // prettier-ignore
          }
          const [first] = await Promise.all([ids('service'), ...Array.from({ length: 50 }, write)])
          await write()
          const second = new Set(await ids('specialty'))
          return [...first].filter((id) => !second.has(id)).length + Math.abs(first.length - second.size)
        })
      } finally {
        await pool.close()
      }
    }
    await write()
    assert.equal(await differ(new OwnerPool(database.superuserUrl)), 0)
    class Torn extends OwnerPool {
      override snapshot<T>(work: Parameters<OwnerPool['transaction']>[0]): Promise<T> {
        return this.transaction(work) as Promise<T>
      }
    }
    assert.notEqual(await differ(new Torn(database.superuserUrl)), 0)
  })

  test('is none when tables were made anew while it was read', async () => {
    const { owner, query } = await world()
    const schema = await schemaOf(query, 'cabinet_etoile')
    const during = (sql: string): Promise<void> =>
      owner.readEstablishment('cabinet_etoile', async ({ tables, read }) => {
        await query(sql)
        for (const table of tables) for await (const piece of read(table)) assert.ok(piece)
      })
    await during('select 1')
    await assert.rejects(during(`vacuum full ${schema}.specialty`), refusal('moved'))
    // As a restore into the archived place does; control: COPY itself reads the new tables, empty, without an error.
    const anew = `alter schema ${schema} rename to aside; create schema ${schema}; ` + (await copiesOf(query, schema))
    const undo = `drop schema ${schema} cascade; alter schema aside rename to ${schema}`
    await assert.rejects(during(`do $$ begin ${anew} end $$`), refusal('moved'))
    await query(`do $$ begin ${undo}; end $$`)
    await during('select 1')
  })
})

/** Statements for empty tables of the same names, which the owner may read. */
async function copiesOf(query: Query, schema: string): Promise<string> {
  const tables = await query<{ name: string; owner: string }>(
    `select c.relname as name, c.relowner::regrole::text as owner from pg_class c where relnamespace = $1::regnamespace and relkind = 'r'`,
    [schema],
  )
  return tables
    .map(
      ({ name, owner }) =>
        `create table ${schema}.${name} (like aside.${name}); alter table ${schema}.${name} owner to ${owner};`,
    )
    .concat(`grant usage on schema ${schema} to ${tables[0]?.owner};`)
    .join('\n')
}

const refusal = (code: string) => (error: Error & { code?: string }) =>
  error.code === code || assert.fail(error.message)

const start = (t: Test, database: TestDatabase, args: readonly string[]): SisProcess =>
  sis(t, [...args], {
    DATABASE_URL: database.apiUrl,
    DATABASE_OWNER_URL: database.superuserUrl,
    SIS_MASTER_KEY: masterKey.toString('base64'),
    SIS_DATA_DIR: newDataDir(t),
    SIS_DEMO: 'off',
  })

const commands =
  (t: Test, database: TestDatabase) =>
  async (...args: string[]) => {
    const command = start(t, database, args)
    const code = await command.exit
    return { code, output: command.output(), json: () => JSON.parse(command.stdout()) as Record<string, unknown> }
  }

/** The most memory that a process has had, in MB. */
function peakOf(pid: number): number {
  try {
    return Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024)
  } catch {
    return 0
  }
}

async function* one(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}

/** What an honest backup of this establishment says and holds. */
async function snapshotOf(owner: Owner, slug: string) {
  const path = fileNamed('honest.sis')
  await exported(owner, slug, path)
  const backup = await openBackup(path, passphrase)
  const rows = new Map<string, Buffer>()
  for await (const { name, data } of backup.tables()) {
    const pieces: Buffer[] = []
    for await (const piece of data) pieces.push(piece)
    rows.set(name, Buffer.concat(pieces))
  }
  return { manifest: backup.manifest, rows: (name: string) => rows.get(name) ?? Buffer.alloc(0) }
}

async function statementOf(query: Query, schema: string): Promise<Buffer> {
  const [row] = await query<{ statement: Buffer }>('select statement from sis_audit.restored where tenant = $1', [
    schema,
  ])
  return row?.statement ?? Buffer.alloc(0)
}
