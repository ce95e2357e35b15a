import { Writable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { createTenancy, type Establishment, type Tenancy } from '#tenancy'
import { buildApp, modules } from '../../src/app.ts'
import { openAccess, type Access } from '../../src/platform/auth/index.ts'
import { form, line, register } from '../../src/modules/exchange/register.fixture.ts'
import { quiet, startDatabase, type TestDatabase } from '../cluster.ts'
import { Client, harnessConfig } from '../harness.ts'
import { patientOf, unique, visitOf } from './records.ts'
import { fixtures, type KindFixture, type ModuleKinds } from '../modules.ts'

export { patientOf, unique, visitOf } from './records.ts'

export type Found = { id: string; version: number }
type CoreMade = 'patients' | 'consultations' | 'users'
/** Kinds of records of which more can be made. */
export type Made = CoreMade | keyof ModuleKinds
export type Kind = Made | 'imports' | 'breakGlasses' | 'sessions' | 'invitations'

/** An establishment with records of every kind, each of whose texts holds its mark. */
export type Place = {
  establishment: Establishment
  mark: string
  agent: Client
  admin: Client
  records: Record<Kind, Found>
  /** Other people of the same establishment, with the same roles. */
  colleague: { agent: Client; admin: Client; records: Partial<Record<Kind, Found>> }
  /** One more agent, whose sensitive files the others do not see. */
  third: Client
  /** One more of a kind, never seen before. */
  make(kind: Made): Promise<Found>
}

export type World = {
  app: FastifyInstance
  access: Access
  tenancy: Tenancy
  database: TestDatabase
  /** What was logged under a request's id. */
  logged(requestId: string): Record<string, unknown>[]
  as(username: string): Client
  anonymous: Client
  place(slug: string): Promise<Place>
  close(): Promise<void>
}

/** The application with its log kept. @param more what is registered beside its own routes */
export async function openWorld(more?: (app: FastifyInstance, access: Access) => Promise<void>): Promise<World> {
  const database = await startDatabase()
  const { installation, apiUrl: url } = database
  const tenancy = await createTenancy({ url, installation, poolSize: 8, log: quiet })
  const access = await openAccess({ tenancy, masterKey: Buffer.alloc(32, 7), installation })
  const lines = new Map<string, Record<string, unknown>[]>()
  const log = new Writable({
    write(chunk: Buffer, _, done) {
      const entry = JSON.parse(String(chunk)) as Record<string, unknown>
      const id = String(entry['requestId'] ?? entry['reqId'])
      lines.set(id, [...(lines.get(id) ?? []), entry])
      done()
    },
  })
  const app = await buildApp({ config: harnessConfig, access, log: pino({ level: 'trace' }, log) })
  await more?.(app, access)
  await app.ready()
  const clients = new Map<string, Client>()
  const as = (username: string): Client => {
    clients.set(username, clients.get(username) ?? new Client(app, username))
    return clients.get(username)!
  }
  const world: World = {
    app,
    access,
    tenancy,
    database,
    logged: (requestId) => lines.get(requestId) ?? [],
    as,
    anonymous: new Client(app),
    place: (slug) => furnish(world, slug),
    async close() {
      await app.close()
      access.close()
      await tenancy.close()
      await database.stop()
    },
  }
  return world
}

/** A file that only `third` sees. */
export const protectedOf = async ({ third, mark }: Pick<Place, 'third' | 'mark'>): Promise<Found> =>
  (await third.post('/api/v1/patients', { ...patientOf(mark), sensitive: true }, 201)).body as Found
export async function breakGlassOf(place: Pick<Place, 'agent' | 'third' | 'mark'>): Promise<Found> {
  const { id } = await protectedOf(place)
  const body = { reason: `${place.mark} ${unique()}` }
  return (await place.agent.post(`/api/v1/patients/${id}/break-glass`, body, 201)).body as Found
}
export const userOf = (mark: string) => ({
  username: `${mark.toLowerCase()}.${unique()}`,
  displayName: mark,
  email: `${mark.toLowerCase()}@example.org`,
  roles: ['ADMIN_LOCAL'],
})
export const registerOf = (mark: string) =>
  form(
    register(
      line({ Nom: mark, Prénom: unique(), Diagnostic: mark, Prescripteur: mark }),
      line({ Nom: mark, Date: '' }),
    ),
  )

const ofModules: Record<string, KindFixture> = Object.assign({}, ...fixtures.map(({ kinds }) => kinds))

/** Every module on: a private practice has no beds unless it asks for them. */
export const allModules = {
  modules: modules.filter(({ defaults }) => defaults).map(({ name }) => ({ name, enabled: true })),
}

async function furnish(world: World, slug: string): Promise<Place> {
  const establishment = world.tenancy.directory.findBySlug(slug)!
  const [agent, admin] = [world.as(`${slug}.agent`), world.as(`${slug}.admin`)]
  const mark = `CANARI${slug.replaceAll('_', '').toUpperCase()}`
  const create = async (client: Client, path: string, body: object): Promise<Found> =>
    (await client.post(`/api/v1/${path}`, body, 201)).body as Found
  const make: Place['make'] = async (kind) => {
    if (kind === 'patients') return create(agent, kind, patientOf(mark))
    if (kind === 'users') return create(admin, kind, userOf(mark))
    if (kind === 'consultations') return create(agent, kind, visitOf(mark, (await make('patients')).id))
    return ofModules[kind]!.make(place)
  }
  const { version } = (await admin.get(`/api/v1/establishments/${slug}`, 200)).body as Found
  await world.as('superadmin').send('PUT', `/api/v1/establishments/${slug}/modules`, { body: allModules, headers: { 'if-match': `"${version}"` }, expect: 200 }) // prettier-ignore
  const records = {} as Place['records']
  const place = { establishment, mark, agent, admin, records, make } as Place
  for (const kind of ['patients', 'users', 'consultations', ...Object.keys(ofModules)] as Made[]) {
    await make(kind)
    records[kind] = await make(kind)
  }
  // A version of its own, so that a version of theirs is none of ours.
  const changed = { 'if-match': '"1"' }
  for (const [kind, client, body] of [
    ['patients', agent, { village: `${mark} bis` }],
    ['consultations', agent, { notes: `${mark} bis` }],
    ['users', admin, { roles: ['ADMIN_LOCAL', (await agent.get('/api/v1/auth/me', 200)).body.role as string] }],
  ] as const)
    records[kind] = (await client.send('PATCH', `/api/v1/${kind}/${records[kind].id}`, { body, headers: changed, expect: 200 })).body as Found
  for (const [kind, { revise }] of Object.entries(ofModules))
    records[kind as Made] = (await revise?.(place, records[kind as Made])) ?? records[kind as Made]
  const imported = await agent.send('POST', '/api/v1/imports?dryRun=false', { ...registerOf(mark), expect: 201 })
  records.imports = { id: (imported.body as Found).id, version: 1 }
  // Reviewed, so that its version is none of ours.
  const third = world.as(`${slug}.agent3`)
  await another('agent', '3')
  records.breakGlasses = await breakGlassOf({ agent, third, mark })
  const review = { body: { remark: mark }, headers: { 'if-match': '"1"' }, expect: 200 }
  records.breakGlasses = (await admin.send('PATCH', `/api/v1/break-glass/${records.breakGlasses.id}`, review)).body as Found
  // One that is not the one asked with, so that it can be ended.
  const sessionOf = async ({ username }: Client): Promise<Found> => {
    const { body } = await new Client(world.app, username).get('/api/v1/auth/sessions', 200)
    return { id: body.items.find((one: { current: boolean }) => one.current).id as string, version: 1 }
  }
  records.sessions = await sessionOf(agent)
  const invited = async (client: Client): Promise<Found> => {
    const { body } = await client.get('/api/v1/auth/me', 200)
    const [row] = await world.database.asSuperuser<{ id: string }>(
      `insert into sis_platform.membership (id, account_id, establishment_id, role, status)
       select gen_random_uuid(), $1, id, 'ADMIN_LOCAL', 'invited' from sis_platform.establishment where slug = $2
       on conflict (account_id, establishment_id, role) do update set status = 'invited' returning id`,
      [body.id, slug === 'sih_mopti' ? 'cabinet_etoile' : 'sih_mopti'],
    )
    return { id: row!.id, version: 1 }
  }
  records.invitations = await invited(agent)
  for (const role of ['agent', 'admin']) await another(role, '2')
  const colleague = { agent: world.as(`${slug}.agent2`), admin: world.as(`${slug}.admin2`), records: { sessions: await sessionOf(admin), invitations: await invited(admin) } }
  return Object.assign(place, { colleague, third })

  /** Somebody else with the same role and password. */
  async function another(role: string, suffix: string): Promise<void> {
    await world.database.asSuperuser(
      `with made as (insert into sis_platform.account (id, username, display_name, password_hash, status, demo)
         select gen_random_uuid(), username || $3, $2, password_hash, status, demo from sis_platform.account where username = $1 returning id)
       insert into sis_platform.membership (id, account_id, establishment_id, role, status)
       select gen_random_uuid(), made.id, m.establishment_id, m.role, 'active' from made, sis_platform.membership m
       join sis_platform.account a on a.id = m.account_id where a.username = $1 and m.status = 'active'`,
      [`${slug}.${role}`, mark, suffix],
    )
  }
} // prettier-ignore
