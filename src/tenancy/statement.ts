import { Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, DummyDriver } from 'kysely'
import type { CompiledQuery } from 'kysely'
import type { TenantTables } from './tables.ts'
import type { TenantDb } from './types.ts'

/** A statement whose text was made once; only its values differ from one use to the next. */
export type Statement<Values extends object, Row> = {
  /** Names it in metrics, and on the connections that remember it. */
  readonly name: string
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

/**
 * A statement that is built and compiled at its first use only (building and compiling a list of consultations took a fifth
 * of its request).
 * @param name `resource.verb`, unique
 * @param build the query; `value('from')` is where the value of `from` comes
 */
export function statement<Values extends object, Row>(
  name: string,
  build: (db: TenantDb, value: <K extends keyof Values>(key: K) => Values[K]) => { compile(): CompiledQuery<Row> },
): Statement<Values, Row> {
  let compiled: CompiledQuery<Row> | undefined
  return {
    name,
    compile: () => (compiled ??= build(builder, (key) => new Place(key) as Values[typeof key]).compile()),
  }
}

/** The statement with these values in their places. */
export function filled<Values extends object, Row>(
  { compile }: Statement<Values, Row>,
  values: Values,
): CompiledQuery<Row> {
  const compiled = compile()
  return {
    ...compiled,
    parameters: compiled.parameters.map((one) => (one instanceof Place ? values[one.key as keyof Values] : one)),
  }
}

/** Runs a statement inside a transaction. @throws as any statement of `db` */
export async function run<Values extends object, Row>(
  db: TenantDb,
  statement: Statement<Values, Row>,
  values: Values,
): Promise<Row[]> {
  const { rows } = await (db as Kysely<TenantTables>).executeQuery(filled(statement, values))
  return rows
}
