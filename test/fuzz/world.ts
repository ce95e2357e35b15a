import { Writable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { buildApp } from '../../src/app.ts'
import type { Random } from '../../src/demo/random.ts'
import { harness, harnessConfig } from '../harness.ts'
import { testPassword } from '../fixtures.ts'
import { fixtures } from '../modules.ts'
import { administrator } from '../roles.ts'
import type { Answer } from './checker.ts'

/** `of`: the record within which it stands. */
export type Known = { id: string; version: number; of?: string | undefined }
/** Records by their kind. */
export type Pools = Record<string, Known[]>

/** The application with its records, and what a sender of cases needs to know of it. */
export type World = {
  app: FastifyInstance
  pools: Pools
  /** The kinds of records that stand within others and have an address of their own. */
  parts: ReadonlySet<string>
  /** Identifiers that stand elsewhere: of another establishment, of another kind of record. */
  foreign: string[]
  token(actor: string): Promise<string>
  /** The next request of this person signs in again. */
  forget(actor: string): void
  /** What the router took a request for, by the id that its answer carries. */
  routeOf(requestId: string): string | null | undefined
  refreshToken(): string
}

/** Whoever does what ends sessions; nobody else's work suffers. */
export const restless = 'cabinet_etoile.agent'
const agent = 'cscom_sangha.agent'
const admin = 'cscom_sangha.admin'

/** The part of the address that names the kind of record: patients, users. */
export const kindOf = (path: string): string => path.split('/')[3] ?? ''
/** Of a record within another one: …/{id}/oppositions and …/{id}/oppositions/{oppositionId}. */
const partOf = (path: string): string | undefined => /^\/api\/v1\/[^/]+\/\{\w+\}\/([\w-]+)/.exec(path)?.[1]
/** What this operation is about. */
export const subjectOf = (path: string): string => (/\}.*\{/.test(path) && partOf(path)) || kindOf(path)

/** Lists that the administrator keeps: nobody else adds to them. */
const keptByAdmin = (kind: string): boolean =>
  fixtures.some(({ rights }) => rights[`POST /api/v1/${kind}`] === administrator)

/** Who may do this. */
export function actorOf(method: string, path: string): string {
  const kind = kindOf(path)
  if (kind === 'auth') return method === 'GET' ? agent : restless
  if (kind === 'counts') return 'ministere'
  if (kind === 'audit' || kind === 'users') return admin
  if (kind === 'establishments') return 'superadmin'
  return method !== 'GET' && keptByAdmin(kind) ? admin : agent
}

export const actors = [
  agent,
  admin,
  restless,
  'csref_djenne.agent',
  'sih_mopti.admin',
  'superadmin',
  'ministere',
  'insp',
]

/** @param extend registers further routes: the deliberately vulnerable ones of a control */
export async function openWorld(extend: (app: FastifyInstance) => void = () => {}): Promise<World> {
  const { access, csref, cscom } = await harness()
  const routes = new Map<string, string | null>()
  const log = new Writable({
    write(line: Buffer, _encoding, done) {
      const { requestId, route, msg } = JSON.parse(line.toString()) as Record<string, string>
      if (msg === 'request' && requestId !== undefined) routes.set(requestId, route ?? null)
      done()
    },
  })
  const config = { ...harnessConfig, corsOrigins: ['https://a.example'] }
  const app = await buildApp({ config, access, log: pino({ level: 'info' }, log) })
  extend(app)
  await app.ready()

  const tokens = new Map<string, Promise<string>>()
  let refreshToken = 'x'
  const signIn = async (actor: string): Promise<string> => {
    const payload = { username: actor, password: testPassword }
    const answer = await app.inject({ method: 'POST', url: '/api/v1/auth/login', payload })
    const body = answer.json<{ access_token: string; refresh_token: string }>()
    if (actor === restless && body.refresh_token) refreshToken = body.refresh_token
    return body.access_token ?? 'none'
  }
  const patient = { familyName: 'Autre', givenName: 'Part', sex: 'M', birth: { precision: 'year', date: '1971' } }
  const elsewhere = await csref.agent.post('/api/v1/patients', patient, 201)
  const service = await csref.admin.post('/api/v1/services', { name: 'Ailleurs' }, 201)
  const sessions = await cscom.admin.get('/api/v1/auth/sessions', 200)
  return {
    app,
    pools: {},
    parts: new Set(
      Object.keys(app.swagger().paths ?? {}).map((path) => (subjectOf(path) === kindOf(path) ? '' : subjectOf(path))),
    ),
    foreign: [
      elsewhere.body.id,
      service.body.id,
      sessions.body.items[0].id,
      csref.establishment.id,
      '0198c0de-7a1b-7c2d-8e3f-0123456789ab',
      '00000000-0000-0000-0000-000000000000',
    ] as string[],
    token(actor) {
      const known = tokens.get(actor) ?? signIn(actor)
      tokens.set(actor, known)
      return known
    },
    forget: (actor) => void tokens.delete(actor),
    routeOf(requestId) {
      const route = routes.get(requestId)
      routes.delete(requestId)
      return route
    },
    refreshToken: () => refreshToken,
  }
}

/** Keeps a record that an answer tells of, so that later cases find it. */
export function remember({ pools, parts }: World, path: string, url: string, { status, text }: Answer): void {
  // Empty: to HEAD, or wrongly, which the check of the answer finds.
  if (![200, 201, 202].includes(status) || text === '') return
  const part = partOf(path)
  const kind = part !== undefined && parts.has(part) ? part : kindOf(path)
  const told = JSON.parse(text) as Told & { items?: Told[] }
  const known = kind === 'establishments' ? told.slug : told.id
  const of = kind === part ? url.split('/')[4] : undefined
  if (typeof known === 'string') keep(pools, kind, known, told.version, of)
  else if (onlyListed.has(kind))
    for (const { id, version } of (told.items ?? []).slice(0, 3)) if (id) keep(pools, kind, id, version, of)
}

type Told = { id?: string; slug?: string; version?: number }
/** Records that no answer tells of but their list. */
const onlyListed = new Set(['movements', 'notifications'])

function keep(pools: Pools, kind: string, known: string, version: number | undefined, of: string | undefined): void {
  const pool = (pools[kind] ??= [])
  const same = pool.find((one) => one.id === known)
  if (same) same.version = version ?? same.version
  else pool.push({ id: known, version: version ?? 1, of })
  if (pool.length > 60) pool.shift()
}

/** Of the records that were hidden a quarter stays among those that later cases ask for: the others found no other in the end. */
export function putAside({ pools }: World, path: string, url: string): void {
  const id = url.split('?')[0]?.split('/').at(-1) ?? ''
  const pool = pools[subjectOf(path)] ?? []
  const at = pool.findIndex((one) => one.id === id)
  if (at >= 0 && !/[0-3]$/.test(id)) pool.splice(at, 1)
}

/** A record of this kind that exists, or an identifier that is nowhere. */
export const oneOf = ({ pools }: World, kind: string, choose: Random): Known => {
  const pool = pools[kind] ?? []
  return pool.length > 0 ? choose.pick(pool) : { id: choose.uuid(Date.UTC(2026, 0, 1)), version: 1 }
}
