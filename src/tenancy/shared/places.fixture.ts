import pg from 'pg'
import { quiet, startDatabase, type TestDatabase } from '../../../test/cluster.ts'
import { openConnection } from '../pool.ts'
import { oneShotOf, statement, type Statement } from '../statement.ts'
import { createTenancy, type Tenancy, type TenancyOptions } from '../tenancy.ts'
import type { Establishment } from '../types.ts'
import { SharedConnection, type Entrance } from './shared-connection.ts'

// Establishments whose services say whose they are, and a statement that asks who it is answered as.

export let database: TestDatabase
export let tenancy: Tenancy
export let places: Establishment[]
export const undo: (() => Promise<void>)[] = []

/** Another door to the same data; it is closed with the rest. */
export const openDoor = async (options: Partial<TenancyOptions> = {}): Promise<Tenancy> => {
  const { apiUrl: url, installation } = database
  const opened = await createTenancy({ url, installation, poolSize: 4, log: quiet, ...options })
  undo.push(() => opened.close())
  return opened
}

export async function startPlaces(): Promise<void> {
  database = await startDatabase()
  tenancy = await openDoor()
  places = tenancy.directory.list().filter(({ status }) => status === 'active')
  for (const { schema, slug } of places)
    await database.asSuperuser(
      `insert into ${schema}.service (id, name, name_key) select gen_random_uuid(), $1 || i, $1 || i from generate_series(1, 3) i`,
      [slug],
    )
}

export async function stopPlaces(): Promise<void> {
  for (const step of undo.reverse()) await step()
  await database?.stop()
}

export type Said = { role: string; schema: string; name: string }
export const who = statement<object, Said>('test.who', (db) =>
  db
    .selectFrom('service')
    .select((eb) => [
      'name',
      eb.fn<string>('current_setting', [eb.val('role')]).as('role'),
      eb.fn<string>('current_schema').as('schema'),
    ])
    .limit(10),
)
export const isOf = ({ schema, slug }: Establishment, rows: Said[]): boolean =>
  rows.length === 3 && rows.every((row) => row.role === schema && row.schema === schema && row.name.startsWith(slug))

export const scopeOf = ({ schema }: Establishment) => ({ role: schema, path: `${schema}, sis_ref, sis_ext, pg_temp` })

/** One connection that nothing stands before. */
export async function bare(prepare?: (client: pg.Client) => Promise<unknown>) {
  const client = await openConnection({ url: database.apiUrl, name: 'bare' })
  await prepare?.(client)
  const connection = new SharedConnection(client, { mostNamed: 100 }, () => {})
  undo.push(() => connection.wire.end())
  const ask = <V extends object, R>(entrance: Entrance, asked: Statement<V, R>, values: V): Promise<R[]> =>
    new Promise((resolve, reject) => {
      const known = oneShotOf(asked)
      connection.send(entrance, known, known.values(values), (rows, error) =>
        rows ? resolve(rows as R[]) : reject(error),
      )
    })
  return { connection, ask }
}

/** Nobody else may read the services of this establishment until the end of `work`. */
export async function whileLocked(schema: string, work: () => Promise<void>): Promise<void> {
  const client = new pg.Client(database.superuserUrl)
  await client.connect()
  await client.query(`begin; lock table ${schema}.service in access exclusive mode`)
  try {
    await work()
  } finally {
    await client.query('rollback')
    await client.end()
  }
}
