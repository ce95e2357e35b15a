import { Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, DummyDriver } from 'kysely'
import type { CompiledQuery } from 'kysely'
import { connectionOf, refuseUnlessAllowed, type KnownStatement } from './guarded-connection.ts'
import { toText } from './shared/values.ts'
import type { TenantTables } from './tables.ts'
import type { TenantDb } from './db.ts'

/** A statement whose text was made once; only its values differ from one use to the next. */
export type Statement<Values extends object, Row> = {
  /** Names it in metrics, and on the connections that remember it. */
  readonly name: string
  /** Any number that no other statement of this process has. */
  readonly number: number
  readonly isPlannedOnce: boolean
  /** Its text and the places of its values. */
  readonly compile: () => CompiledQuery<Row>
  readonly values?: Values
}

/** Stands in a statement where a value comes. */
class Place {
  readonly key: PropertyKey
  constructor(key: PropertyKey) {
    this.key = key
  }
}

const builder = new Kysely<TenantTables>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createIntrospector: (db) => new PostgresIntrospector(db),
  },
})

let count = 0

/**
 * A statement that is built and compiled at its first use only (building and compiling a list of consultations took a fifth
 * of its request).
 * @param name `resource.verb`, unique
 * @param build the query; `value('from')` is where the value of `from` comes
 * @param plannedOnce one plan fits all of its values (a key, the newest of all). PostgreSQL plans a statement five times before
 *   it keeps a plan, for each connection and establishment, and goes on where a table was never analysed. With this and the
 *   connections' affinity a creation in one of 50 establishments cost PostgreSQL 1.66 ms of processor instead of 2.57, Node 1.75
 *   instead of 2.07 (ten connections that had just met them, medians of six turns on a busy machine)
 */
export function statement<Values extends object, Row>(
  name: string,
  build: (db: TenantDb, value: <K extends keyof Values>(key: K) => Values[K]) => { compile(): CompiledQuery<Row> },
  { plannedOnce = false }: { plannedOnce?: boolean } = {},
): Statement<Values, Row> {
  let compiled: CompiledQuery<Row> | undefined
  return {
    name,
    number: ++count,
    isPlannedOnce: plannedOnce,
    compile: () =>
      (compiled ??= withConstants(build(builder, (key) => new Place(key) as Values[typeof key]).compile())),
  }
}

/**
 * Numbers and booleans that are always the same stand in the text: with `limit $1` PostgreSQL must expect a tenth of the table,
 * so that no plan that it keeps looks as good as a new one (0.8 ms of planning for each list of consultations).
 */
function withConstants<Row>(compiled: CompiledQuery<Row>): CompiledQuery<Row> {
  const parameters: unknown[] = []
  // The builder's own texts have a `$` nowhere else: names are ours, values are parameters.
  const sql = compiled.sql.replace(/\$(\d+)/g, (_, number: string) => {
    const value = compiled.parameters[Number(number) - 1]
    if (typeof value === 'boolean' || (Number.isSafeInteger(value) && Number(value) >= 0)) return String(value)
    return `$${parameters.push(value)}`
  })
  return { ...compiled, sql, parameters }
}

/** The statement with these values in their places. */
export function filled<Values extends object, Row>(
  statement: Statement<Values, Row>,
  values: Values,
): CompiledQuery<Row> & { known: KnownStatement } {
  const compiled = statement.compile()
  return {
    query: compiled.query,
    queryId: compiled.queryId,
    sql: compiled.sql,
    known: statement,
    parameters: compiled.parameters.map((one) => (one instanceof Place ? values[one.key as keyof Values] : one)),
  }
}

/** A statement as it is sent: its text was looked at once, and is never asked for again. */
export type OneShot = {
  readonly number: number
  readonly isPlannedOnce: boolean
  readonly text: string
  /** Its values, as text, in the order of their places. */
  values(given: object): (string | null)[]
}

const oneShots = new WeakMap<object, OneShot>()

/** @throws when the statement is not a SELECT (with or without WITH) of the query builder's */
export function oneShotOf<Values extends object, Row>(statement: Statement<Values, Row>): OneShot {
  let known = oneShots.get(statement)
  if (!known) {
    const compiled = statement.compile()
    refuseUnlessAllowed(compiled)
    if (compiled.query.kind !== 'SelectQueryNode') throw new Error(`not a read: ${statement.name}`)
    const places = compiled.parameters.map((one) => (one instanceof Place ? one : toText(one)))
    known = {
      number: statement.number,
      isPlannedOnce: statement.isPlannedOnce,
      text: compiled.sql,
      values: (given) =>
        places.map((one) => (one instanceof Place ? toText((given as Record<PropertyKey, unknown>)[one.key]) : one)),
    }
    oneShots.set(statement, known)
  }
  return known
}

/** Runs a statement inside a transaction. @throws as any statement of `db` */
export async function run<Values extends object, Row>(
  db: TenantDb,
  statement: Statement<Values, Row>,
  values: Values,
): Promise<Row[]> {
  const asked = filled(statement, values)
  const { rows } = await (connectionOf(db) ?? (db as Kysely<TenantTables>)).executeQuery<Row>(asked)
  return rows
}
