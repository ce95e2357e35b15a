import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { sql } from 'kysely'
import { extended } from '../../src/tenancy/guarded-connection.ts'
import { startDatabase } from '../cluster.ts'
import { isFull, random, seed } from '../size.ts'
import { findPostgres, requireTool } from '../tools.ts'
import { openAttacker, places, type Attacker, type Db, type Outcome } from './attacker.ts'
import { breakouts, expressions, statements, type Attack } from './attacks.ts'
import { disguises, forged } from './disguises.ts'
import { startOldest } from './oldest.ts'

// Two forms, as an attacker could get them: an expression inside one of our statements, which the database itself stops, and
// a whole statement of his own, which the wrapper refuses. Each is ended by COMMIT and leaves nothing to the next borrower.

/** A few at a time: what they have changed is looked for after each group. */
async function inGroups<T>(
  attacker: Attacker,
  all: readonly T[],
  name: (one: T) => string,
  run: (one: T) => Promise<void>,
) {
  const group = isFull ? 10 : 80
  for (let i = 0; i < all.length; i += group) {
    const some = all.slice(i, i + group)
    for (const one of some) await run(one)
    assert.deepEqual(await attacker.changed(), [], `one of:\n${some.map(name).join('\n')}`)
  }
}

function attacksOn(server: string, start: () => Promise<Attacker>): void {
  describe(`hostile SQL on ${server}`, () => {
    let attacker: Attacker
    before(async () => {
      attacker = await start()
    })
    after(() => attacker?.close())

    const isClean = async (outcome: Outcome, label: string): Promise<void> =>
      assert.deepEqual(await attacker.traces(outcome), [], label)

    const stopped = async ({ sql: attack, stoppedBy }: Attack, place: string): Promise<void> => {
      const outcome = await attacker.attack((db) => places[place]!(db, attack))
      const label = `${place}: ${attack}`
      await isClean(outcome, label)
      // A function that this version does not have yet.
      if (attacker.version < 18 && outcome.state === '42883') return
      assert.ok(stoppedBy.includes(outcome.state ?? 'harmless'), `${label}: ${outcome.state ?? outcome.got}`)
    }

    test('as an expression in a statement of ours gets nothing, changes nothing, leaves nothing', async (t) => {
      t.diagnostic(`seed ${seed}`)
      const [choose, names] = [random('places'), Object.keys(places)]
      const all = [
        ...expressions(attacker.target).flatMap((attack) =>
          (isFull ? names : [choose.pick(names)]).map((place) => ({ attack, place })),
        ),
        ...breakouts(attacker.target).map((attack) => ({ attack, place: 'select' })),
      ]
      t.diagnostic(`${all.length} expressions`)
      assert.ok(all.length >= 60)
      await inGroups(
        attacker,
        all,
        ({ attack }) => attack.sql,
        ({ attack, place }) => stopped(attack, place),
      )
    })

    test('as a statement of its own is refused before PostgreSQL sees it', async (t) => {
      const choose = random('forms')
      const forms: Record<string, (db: Db, statement: string) => Promise<unknown>> = {
        raw: (db, statement) => sql.raw(statement).execute(db),
        'with a forged root': (db, statement) => db.executeQuery(forged(statement)),
        // Here the protocol refuses it: one statement a message.
        'as the second of two': (db, statement) => db.selectNoFrom(sql.raw(`1; ${statement} --`).as('x')).execute(),
      }
      const all = statements(attacker.target).flatMap((statement) =>
        (isFull ? Object.keys(forms) : [choose.pick(Object.keys(forms))]).map((form) => ({ statement, form })),
      )
      t.diagnostic(`${all.length} statements`)
      assert.ok(all.length >= 60)
      await inGroups(
        attacker,
        all,
        ({ statement }) => statement,
        async ({ statement, form }) => {
          const outcome = await attacker.attack((db) => forms[form]!(db, statement))
          await isClean(outcome, `${form}: ${statement}`)
          assert.ok(
            outcome.refused || (form === 'as the second of two' && outcome.state === '42601'),
            `${form}: ${statement}: ${outcome.state ?? outcome.got}`,
          )
        },
      )
    })

    test('in the clothes of an allowed statement is refused, or stopped by the database', async (t) => {
      const all = disguises(attacker.target)
      t.diagnostic(`${all.length} disguises`)
      await inGroups(
        attacker,
        all,
        ({ what }) => what,
        async ({ what, run }) => {
          const outcome = await attacker.attack(run)
          await isClean(outcome, what)
          assert.ok(
            outcome.refused || /^(42501|42601|0A000)$/.test(outcome.state ?? ''),
            `${what}: ${outcome.state ?? outcome.got}`,
          )
        },
      )
    })

    describe('where a wall is missing, is caught by the same checks (control)', () => {
      /** What the checks find of an attack after `damage`, which is then repaired. */
      const caught = async (damage: string, repair: string, run: (db: Db) => Promise<unknown>): Promise<string> => {
        await attacker.server.asSuperuser(damage)
        try {
          const pool = attacker.pool()
          const outcome = await attacker.attack(run, { pool, scope: attacker.scope })
          return [...(await attacker.traces(outcome, pool)), ...(await attacker.changed())].join('; ')
        } finally {
          await attacker.server.asSuperuser(repair)
        }
      }
      const select = (expression: string) => (db: Db) => db.selectNoFrom(sql.raw(expression).as('x')).execute()
      const opened = (name: string, expression: string) =>
        caught(
          `grant execute on function ${name} to public`,
          `revoke execute on function ${name} from public`,
          select(expression),
        )
      const setConfig = 'pg_catalog.set_config(text, text, boolean)'

      test('set_config that is not revoked', async () => {
        const { own, other } = attacker.target
        assert.match(await opened(setConfig, `set_config('role', '${other}', true)`), /goes on as/)
        assert.match(await opened(setConfig, `set_config('search_path', '${other}', false)`), /goes on as .*path /)
        assert.match(
          await opened(setConfig, `set_config('statement_timeout', '0', false)`),
          /settings statement_timeout=0/,
        )
        const xml = 'pg_catalog.query_to_xml(text, boolean, boolean, text)'
        const both = `set_config('role', '${other}', true) || query_to_xml('select name from ${other}.service', true, false, '') || set_config('role', '${own}', true)`
        await attacker.server.asSuperuser(`grant execute on function ${xml} to public`)
        assert.match(await opened(setConfig, both), /rows of another/)
        await attacker.server.asSuperuser(`revoke execute on function ${xml} from public`)
      })

      test('locks, temporary tables, rights on another schema', async () => {
        const { own, other } = attacker.target
        assert.match(await opened('pg_catalog.pg_advisory_lock(bigint)', 'pg_advisory_lock(7)'), /lock advisory/)
        const [row] = await attacker.server.asSuperuser<{ name: string }>('select current_database() as name')
        const name = row?.name ?? ''
        assert.match(
          await caught(
            `grant temporary on database ${name} to public`,
            `revoke temporary on database ${name} from public`,
            select('1 into temp patient --'),
          ),
          /temporary tables/,
        )
        const rights = (verb: string, to: string) =>
          `${verb} usage on schema ${other} ${to} ${own}; ${verb} select, update on ${other}.service ${to} ${own}`
        const found = await caught(
          rights('grant', 'to'),
          rights('revoke', 'from'),
          select(`(select string_agg(name, ',') from ${other}.service)`),
        )
        assert.match(found, /rows of another/)
        assert.match(found, /schema .*relation /)
      })

      test('a transaction without a role, under a login that may do everything', async () => {
        const pool = attacker.pool(attacker.server.superuserUrl)
        const client = await pool.connect()
        await client.query('set search_path = pg_catalog, pg_temp')
        client.release()
        const scope = { ...attacker.scope, role: 'none' }
        const run = select(`(select string_agg(name, ',') from ${attacker.target.other}.service)`)
        const outcome = await attacker.attack(run, { pool, scope })
        assert.match((await attacker.traces(outcome, pool)).join(), /rows of another/)
      })

      test('a foreign statement that no wrapper refuses', async () => {
        const { own, other } = attacker.target
        const unguarded = async (...foreign: string[]): Promise<string> => {
          const pool = attacker.pool()
          const client = await pool.connect()
          let got = ''
          await client.query('begin')
          await extended(client, `select set_config('search_path', $1, true), set_config('role', $2, true)`, [
            attacker.scope.path,
            own,
          ])
          for (const statement of foreign) got += JSON.stringify((await extended(client, statement, [])).rows)
          await client.query('commit')
          client.release()
          return (await attacker.traces({ got, state: undefined, refused: false, after: '' }, pool)).join('; ')
        }
        assert.match(
          await unguarded(`set role ${other}`, 'reset search_path', `select name from ${other}.service`),
          /rows of another.*role /,
        )
        assert.match(await unguarded(`set search_path = ${other}`), /path /)
        assert.match(await unguarded(`declare c cursor with hold for select 1`), /cursors c/)
        assert.match(await unguarded('prepare p as select 1'), /prepared/)
        assert.match(await unguarded('listen sis'), /listens sis/)
      })
    })
  })
}

attacksOn('the PostgreSQL that SIS brings', async () => openAttacker(await startDatabase()))
const oldest = findPostgres()
if (isFull && oldest === undefined)
  test('the oldest PostgreSQL installed', (t) =>
    void requireTool(t, oldest, 'a PostgreSQL server (apt-get install postgresql)'))
if (isFull && oldest !== undefined)
  attacksOn('the oldest PostgreSQL installed', async () => openAttacker(await startOldest(oldest)))
