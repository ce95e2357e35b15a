import assert from 'node:assert/strict'
import { after } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { createTenancy, type Establishment, type Tenancy } from '#tenancy'
import { buildApp } from '../src/app.ts'
import { openAccess, type Access } from '../src/platform/auth/index.ts'
import { quiet, startDatabase, type TestDatabase } from './cluster.ts'
import { testPassword } from './fixtures.ts'

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- bodies of answers are looked into field by field
export type Body = any
export type Answer = { status: number; body: Body; text: string; headers: Record<string, string> }
type Headers = Record<string, string>

/** A client that signs in at its first request, as a person would. An expected status that differs fails the test. */
export class Client {
  readonly #app: FastifyInstance
  readonly username: string | undefined
  #token: string | undefined

  constructor(app: FastifyInstance, username?: string, token?: string) {
    this.#app = app
    this.username = username
    this.#token = token
  }

  async token(): Promise<string | undefined> {
    if (this.#token === undefined && this.username !== undefined) {
      const answer = await this.#app.inject({
        method: 'POST',
        url: '/api/v1/auth/login',
        payload: { username: this.username, password: testPassword },
      })
      assert.equal(answer.statusCode, 200, answer.body)
      this.#token = answer.json<{ access_token: string }>().access_token
    }
    return this.#token
  }

  async send(
    method: string,
    url: string,
    options: { body?: unknown; headers?: Headers; expect?: number } = {},
  ): Promise<Answer> {
    const token = await this.token()
    const answer = await this.#app.inject({
      method: method as 'GET',
      url: ending(url),
      headers: { ...(token && { authorization: `Bearer ${token}` }), ...options.headers },
      ...(options.body !== undefined && { payload: options.body as object }),
    })
    if (options.expect !== undefined)
      assert.equal(answer.statusCode, options.expect, `${method} ${url}: ${answer.body}`)
    const isJson = String(answer.headers['content-type']).includes('json')
    return {
      status: answer.statusCode,
      body: isJson && answer.body ? answer.json() : undefined,
      text: answer.body,
      headers: answer.headers as Record<string, string>,
    }
  }

  get = (url: string, expect?: number, headers?: Headers) =>
    this.send('GET', url, { ...(expect && { expect }), ...(headers && { headers }) })
  post = (url: string, body?: unknown, expect?: number, headers?: Headers) =>
    this.send('POST', url, { body, ...(expect && { expect }), ...(headers && { headers }) })
  /** With If-Match when a version is given. */
  patch = (url: string, body: unknown, version?: number, expect?: number) =>
    this.send('PATCH', url, {
      body,
      ...(expect && { expect }),
      ...(version && { headers: { 'if-match': `"${version}"` } }),
    })
  delete = (url: string, body?: unknown, version?: number, expect?: number) =>
    this.send('DELETE', url, {
      body,
      ...(expect && { expect }),
      ...(version && { headers: { 'if-match': `"${version}"` } }),
    })
}

// Injected, an answer is there when it has ended.
const ending = (url: string): string =>
  /\/stream(\?|$)/.test(url) && !/[?&]follow=/.test(url) ? `${url}${url.includes('?') ? '&' : '?'}follow=false` : url

export type Site = { establishment: Establishment; agent: Client; admin: Client }

export type Harness = {
  app: FastifyInstance
  access: Access
  tenancy: Tenancy
  database: TestDatabase
  hospital: Site
  csref: Site
  cscom: Site
  cabinet: Site
  superadmin: Client
  ministere: Client
  insp: Client
  anonymous: Client
  as(username: string): Client
  withToken(token: string): Client
}

/** Limits that no test meets unless it sets its own. */
export const harnessConfig = {
  corsOrigins: [],
  trustProxy: [],
  rateLogin: 100_000,
  rateRequests: 1_000_000,
  rateEstablishment: 1_000_000,
  rateUserInFlight: 100_000,
  rateEstablishmentInFlight: 100_000,
  rateInFlight: 100_000,
}

let shared: Promise<Harness> | undefined

/** The real application on a real PostgreSQL of this test file's own; the same for all tests of the file. */
export function harness(): Promise<Harness> {
  shared ??= start()
  return shared
}

async function start(): Promise<Harness> {
  const database = await startDatabase()
  const tenancy = await createTenancy({
    url: database.apiUrl,
    installation: database.installation,
    poolSize: 8,
    log: quiet,
  })
  const access = await openAccess({ tenancy, masterKey: Buffer.alloc(32, 7), installation: database.installation })
  const app = await buildApp({
    config: harnessConfig,
    access,
    log: pino({ level: process.env['SIS_TEST_LOG'] ?? 'silent' }),
  })
  await app.ready()
  // On a busy machine the application takes longer to build than the directory stays fresh.
  await tenancy.directory.refresh()
  const site = (slug: string): Site => {
    const establishment = tenancy.directory.findBySlug(slug)
    if (!establishment) throw new Error(`no fixture ${slug}`)
    return { establishment, agent: new Client(app, `${slug}.agent`), admin: new Client(app, `${slug}.admin`) }
  }
  return {
    app,
    access,
    tenancy,
    database,
    hospital: site('sih_mopti'),
    csref: site('csref_djenne'),
    cscom: site('cscom_sangha'),
    cabinet: site('cabinet_etoile'),
    superadmin: new Client(app, 'superadmin'),
    ministere: new Client(app, 'ministere'),
    insp: new Client(app, 'insp'),
    anonymous: new Client(app),
    as: (username) => new Client(app, username),
    withToken: (token) => new Client(app, undefined, token),
  }
}

after(async () => {
  if (!shared) return
  const { app, access, tenancy, database } = await shared
  await app.close()
  access.close()
  await tenancy.close()
  await database.stop()
})
