import { statement, type Establishment, type Statement, type TenantDb } from '#tenancy'
import type { Random } from '../../src/demo/random.ts'
import type { Answer, Client } from '../harness.ts'

/** One way to run a transaction in an establishment: ours, or a broken one that must be found out. */
export type Door = <T>(at: Establishment, mode: 'read' | 'write', work: (db: TenantDb) => Promise<T>) => Promise<T>

/** One way to make a one-shot read in an establishment. */
export type Once = <V extends object, R>(at: Establishment, asked: Statement<V, R>, values: V) => Promise<R[]>

/** What was done, and what of it was wrong: a row of another establishment, another role, another schema. */
export type Tally = { done: number; written: number; busy: number; wrong: string[]; failed: Record<string, number> }

export type Crowd = {
  places: Establishment[]
  /** Of each place, the rows acknowledged so far; shared by the runs on one database. */
  stored: Map<string, string[]>
  choose: Random
}

/** Every row says whose it is. */
const nameIn = (at: Establishment, id: string): string => `${at.slug} ${id}`
const isFrom = (at: Establishment, name: string): boolean => name.startsWith(`${at.slug} `)

/**
 * So many reads and writes by so many clients at once, each in an establishment chosen anew. Every transaction has several
 * statements and awaits between them, so that others get their turn there.
 * @param http one in twenty goes through the application with a real token when it is given
 * @param once half of the reads are one-shot when it is given
 */
export async function work(
  { places, stored, choose }: Crowd,
  door: Door,
  { operations, clients }: { operations: number; clients: number },
  { http, once }: { http?: ((at: Establishment) => Client) | undefined; once?: Once } = {},
): Promise<Tally> {
  const tally: Tally = { done: 0, written: 0, busy: 0, wrong: [], failed: {} }
  let left = operations
  const one = async (): Promise<void> => {
    const at = choose.pick(places)
    const foreign = choose.pick(stored.get(choose.pick(places.filter((other) => other !== at)).slug) ?? [])
    const writes = choose.chance(0.3)
    const viaHttp = http !== undefined && choose.chance(0.05)
    const found = await (viaHttp
      ? byHttp(http(at), at, writes, foreign)
      : once && !writes && choose.chance(0.5)
        ? byOnce(once, at, (stored.get(at.slug) ?? []).length, foreign)
        : byDoor(door, at, writes, foreign))
    tally.done += 1
    if (found.written) {
      tally.written += 1
      stored.set(at.slug, [...(stored.get(at.slug) ?? []), found.written])
    }
    if (found.wrong.length > 0) tally.wrong.push(`${at.slug}: ${found.wrong.join(', ')}`)
  }
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (left-- > 0)
        await one().catch((error: { code?: string; message: string }) => {
          const what = error.code ?? error.message
          // Refused with nothing stored, on a machine that has other work: another one is done instead.
          if (refusals.has(what) && (tally.busy += 1) < operations) return void (left += 1)
          tally.failed[what] = (tally.failed[what] ?? 0) + 1
        })
    }),
  )
  return tally
}

const refusals = new Set(['busy', 'timeout', 'database_unavailable'])

type Found = { written?: string; wrong: string[] }

function byDoor(door: Door, at: Establishment, writes: boolean, foreign: string | undefined): Promise<Found> {
  return door(at, writes ? 'write' : 'read', async (db) => {
    const id = crypto.randomUUID()
    const wrong: string[] = []
    if (writes)
      await db
        .insertInto('service')
        .values({ id, name: nameIn(at, id), name_key: id })
        .execute()
    // Sent together, as a read of ours may be; what follows waits for both.
    const [who, rows] = await Promise.all([
      db
        .selectNoFrom((eb) => [
          eb.fn<string>('current_setting', [eb.val('role')]).as('role'),
          eb.fn<string>('current_schema').as('schema'),
        ])
        .executeTakeFirstOrThrow(),
      db.selectFrom('service').select('name').orderBy('created_at', 'desc').limit(20).execute(),
    ])
    if (who.role !== at.schema || who.schema !== at.schema) wrong.push(`as ${who.role} in ${who.schema}`)
    wrong.push(...rows.map(({ name }) => name).filter((name) => !isFrom(at, name)))
    const looked = [id, ...(foreign === undefined ? [] : [foreign])]
    const there = await db.selectFrom('service').select('id').where('id', 'in', looked).execute()
    if (there.some((row) => row.id === foreign)) wrong.push(`sees ${foreign}`)
    if (!writes) return { wrong }
    if (!there.some((row) => row.id === id)) wrong.push('does not see what it wrote')
    return { wrong, written: id }
  })
}

type Service = { id: string; name: string; role: string; schema: string }
const newest = statement<object, Service>('crowd.newest', (db) => services(db).orderBy('created_at', 'desc').limit(20))
const byId = statement<{ id: string }, Service>('crowd.byId', (db, value) => services(db).where('id', '=', value('id')))
const services = (db: TenantDb) =>
  db
    .selectFrom('service')
    .select((eb) => [
      'id',
      'name',
      eb.fn<string>('current_setting', [eb.val('role')]).as('role'),
      eb.fn<string>('current_schema').as('schema'),
    ])

/** @param stored how many rows it has at least */
async function byOnce(once: Once, at: Establishment, stored: number, foreign: string | undefined): Promise<Found> {
  const [rows, elsewhere] = await Promise.all([
    once(at, newest, {}),
    foreign === undefined ? [] : once(at, byId, { id: foreign }),
  ])
  const isOwn = ({ name, role, schema }: Service) => isFrom(at, name) && role === at.schema && schema === at.schema
  const wrong = rows.filter((row) => !isOwn(row)).map(({ name, role }) => `${name} as ${role}`)
  if (elsewhere.length > 0) wrong.push(`sees ${foreign}`)
  if (rows.length < Math.min(stored, 20)) wrong.push(`${rows.length} rows of ${stored}`)
  return { wrong }
}

async function byHttp(client: Client, at: Establishment, writes: boolean, foreign: string | undefined): Promise<Found> {
  const id = crypto.randomUUID()
  // What is refused because the machine has other work is sent again as it was, as the client of an agent does: with the
  // same id it is stored once, also where nobody could say whether it was.
  const answer = async (method: string, path: string, expected: number[], body?: object): Promise<Answer> => {
    for (let tries = 1; ; tries++) {
      const answered = await client.send(method, `/api/v1/services${path}`, { body })
      if (expected.includes(answered.status)) return answered
      if (![503, 504].includes(answered.status) || tries === 20) throw new Error(answered.text)
    }
  }
  const answered = writes ? [] : [await answer('GET', '?limit=100', [200])]
  if (foreign !== undefined) answered.push(await answer('GET', `/${foreign}`, [404]))
  if (writes) answered.push(await answer('POST', '', [201, 200], { id, name: nameIn(at, id) }))
  const names = answered.flatMap(({ body }) => (body.items ?? [body]) as { name?: string }[]).map(({ name }) => name)
  const wrong = names.filter((name) => name !== undefined && !isFrom(at, name)) as string[]
  return { wrong, ...(writes && { written: id }) }
}
