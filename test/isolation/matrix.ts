import { v7 as uuidv7 } from 'uuid'
import { Client, type Answer } from '../harness.ts'
import { fixtures } from '../modules.ts'
import type { Asked, Plan } from './plan.ts'
import { unique, type Kind, type Place, type World } from './world.ts'

type Parameter = { in: string; name: string; schema: object }
export type Operation = {
  /** `GET /api/v1/patients/{id}` */
  name: string
  method: string
  path: string
  parameters: Parameter[]
  body: Record<string, object>
}

/** Every operation of the OpenAPI document. */
export function operationsOf({ app }: World): Operation[] {
  type Documented = { parameters?: Parameter[]; requestBody?: { content: Record<string, { schema: { properties?: Record<string, object> } }> } }
  const { paths } = app.swagger() as { paths: Record<string, Record<string, Documented>> }
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody }]) => ({
      name: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      path,
      parameters,
      body: Object.values(requestBody?.content ?? {})[0]?.schema.properties ?? {},
    })),
  )
} // prettier-ignore

// What a parameter of this name holds. An identifier that is not here fails the matrix.
const kinds: Record<string, Kind | 'slug'> = {
  patientId: 'patients',
  actorId: 'users',
  userId: 'users',
  establishment: 'slug',
  ...Object.assign({}, ...fixtures.map(({ parameters }) => parameters)),
}

/** Who asks, and of which establishment. */
export type Who = Pick<Place, 'agent' | 'admin' | 'mark'>

/** One thing of another establishment in one place of a request, and the same place with what is nowhere. */
export type Dimension = {
  name: string
  elsewhere(asked: Asked): Asked
  nowhere(asked: Asked): Asked
}

const isIdentifier = (name: string, schema: object): boolean =>
  /"format":"uuid"/.test(JSON.stringify(schema)) || name in kinds

/** Whether no identifier of anything fits into this operation; a cursor is its own list's. */
export const namesNothing = ({ path, parameters, body }: Operation): boolean =>
  !path.includes('{') &&
  !parameters.some(({ name, schema }) => isIdentifier(name, schema)) &&
  !Object.entries(body).some(([name, schema]) => isIdentifier(name, schema))

const within = (asked: Asked, place: 'params' | 'query' | 'headers' | 'body', name: string, value: string): Asked => ({
  ...asked,
  [place]: { ...(asked[place] as object | undefined), [name]: value },
})
const nowhereSlug = 'nulle_part_ici'

/**
 * Where another establishment's identifiers, cursor, version or keys fit into this operation, from its documentation.
 * @throws Error when there is an identifier that the matrix does not know
 */
export async function dimensionsOf(
  operation: Operation,
  plan: Plan,
  theirs: Place,
  ours: Place,
  ask: (who: Who, asked: Asked) => Promise<Answer>,
): Promise<Dimension[]> {
  const swap = (name: string, elsewhere: (asked: Asked) => Asked, nowhere: (asked: Asked) => Asked): Dimension => ({ name, elsewhere, nowhere })
  const found: Dimension[] = []
  const identifier = (at: 'params' | 'query' | 'body', name: string, kind: Kind | 'slug', place = theirs, records = theirs.records) => {
    const value = kind === 'slug' ? place.establishment.slug : records[kind].id
    const label = `${at}.${name}${place === theirs ? '' : ' of a colleague'}`
    found.push(swap(label, (asked) => within(asked, at, name, value), (asked) => within(asked, at, name, kind === 'slug' ? nowhereSlug : uuidv7())))
  }
  const header = (name: string, elsewhere: string, nowhere: () => string, label = name) =>
    found.push(swap(label, (asked) => within(asked, 'headers', name, elsewhere), (asked) => within(asked, 'headers', name, nowhere())))

  for (const { in: at, name, schema } of operation.parameters) {
    if (at === 'path') {
      if (plan.path === undefined) throw new Error(`${operation.name}: what is {${name}}?`)
      const kind = kinds[name] ?? (plan.path === 'establishments' ? 'slug' : plan.path)
      identifier('params', name, kind)
      if (plan.personal) identifier('params', name, kind, ours, { ...ours.records, ...ours.colleague.records })
    } else if (name === 'cursor') await cursor('query')
    else if (name === 'if-match') header(name, `"${plan.path && plan.path !== 'establishments' ? theirs.records[plan.path].version : 1}"`, () => '"999"')
    else if (name === 'idempotency-key') await keys()
    else if (isIdentifier(name, schema)) identifier('query', name, kindOf(name))
  }
  for (const [name, schema] of Object.entries(operation.body)) {
    if (name === 'cursor') await cursor('body')
    else if (name === 'id') {
      // Afterwards it is ours too: one that nothing else looks for.
      const kind = operation.path.split('/')[3] as 'patients'
      identifier('body', name, kind, theirs, { ...theirs.records, [kind]: await theirs.make(kind) })
    }
    else if (isIdentifier(name, schema)) identifier('body', name, kindOf(name))
  }
  return found

  function kindOf(name: string): Kind | 'slug' {
    const kind = kinds[name]
    if (kind === undefined) throw new Error(`${operation.name}: whose identifier is ${name}?`)
    return kind
  }

  /** Theirs of this very list, and one at the same place that nobody was ever given. */
  async function cursor(at: 'query' | 'body'): Promise<void> {
    const asked = await plan.make(theirs)
    const first = await ask(theirs, { ...asked, [at]: { ...(asked[at] as object | undefined), limit: at === 'query' ? '1' : 1 } })
    const next = first.body?.nextCursor as string | null | undefined
    if (!next) return
    const parts = JSON.parse(Buffer.from(next, 'base64url').toString()) as unknown[]
    const made = Buffer.from(JSON.stringify([...parts.slice(0, -1), besides(String(parts.at(-1)))])).toString('base64url')
    found.push(swap(`${at}.cursor`, (a) => within(a, at, 'cursor', next), (a) => within(a, at, 'cursor', made)))
  }

  /** Keys that another establishment, and a colleague, have used on this operation. */
  async function keys(): Promise<void> {
    const fresh = () => `cle-${unique()}`
    const used = async (who: Who, asked: Asked): Promise<string> => {
      const key = fresh()
      const answer = await ask(who, within(asked, 'headers', 'idempotency-key', key))
      if (answer.status >= 300) throw new Error(`${operation.name}: the key of ${who.mark} was not used: ${answer.text}`)
      return key
    }
    header('idempotency-key', await used(theirs, await plan.make(theirs)), fresh)
    header('idempotency-key', await used({ ...ours, ...ours.colleague }, await plan.make(ours)), fresh, 'idempotency-key of a colleague')
    if (operation.method !== 'POST') return
    // The very request that is stored under the key, and its like.
    const request = await plan.make(unmarked(theirs))
    const like = (await plan.make(unmarked(theirs))).body
    const foreign = await used(theirs, request)
    const withKey = (key: string, body: unknown) => (asked: Asked) => ({ ...within(asked, 'headers', 'idempotency-key', key), body })
    found.push(swap('idempotency-key with its request', withKey(foreign, request.body), withKey(fresh(), like)))
  }
} // prettier-ignore

// What is sent into another establishment and may be stored there says of nobody whose it is.
const unmarked = (place: Place): Place => ({ ...place, mark: 'EMPRUNT' })

// The identifier, or the name, right before this one: nobody's, at the same place of a list, even where one of ours is
// theirs by choice.
const besides = (key: string): string => {
  if (!/^[0-9a-f-]{36}$/.test(key)) return key.slice(0, -1) + String.fromCodePoint(key.codePointAt(key.length - 1)! - 1)
  const digits = (BigInt(`0x${key.replaceAll('-', '')}`) - 1n).toString(16).padStart(32, '0')
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

// What two answers about nothing, or about two new things, may differ in.
const tidy = (text: string): string =>
  text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uuid>')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z/g, '<instant>')
    .replace(/u\d{6}x/g, '<unique>')
    .replace(/\b\d{4}-\d{6}\b/g, '<file number>')
    .replace(/"(token|access_token|refresh_token|url)":"[^"]+"/g, '"$1":"<secret>"')
const ofOneRequest = ['time', 'pid', 'hostname', 'ms', 'requestId', 'reqId']
const volatile = ['date', 'x-request-id', 'x-ratelimit-remaining', 'x-ratelimit-reset', 'etag']

/** Who it was, status, body and headers of an answer, without what belongs to the one request only. */
export function comparable({ status, text, headers }: Answer): object {
  const kept = Object.entries(headers).filter(([name]) => !volatile.includes(name))
  const { etag } = headers
  return {
    status,
    body: tidy(text),
    headers: Object.fromEntries(kept.map(([name, value]) => [name, tidy(value)])),
    // Of a single record the version; of a list a digest, which the body says as well.
    etag: /^"\d+"$/.test(etag ?? '') ? etag : etag !== undefined,
  }
}

/** What stands on anybody's record, and in the log, of one request. */
export async function recorded({ database, logged }: World, answer: Answer): Promise<{ entries: object[]; log: string[] }> {
  const id = answer.headers['x-request-id'] ?? ''
  const entries = await database.asSuperuser(
    `select coalesce(e.slug, '-') as slug, a.chain = 'platform' as platform, a.resource, a.action, a.outcome, a.reason,
       cardinality(a.patients) as patients,
       array(select jsonb_object_keys(a.detail) order by 1) as detail
     from sis_audit.entry a left join sis_platform.establishment e on e.schema_name = a.tenant
     where a.request_id = $1 order by 1, 2, 3, 4`,
    [id],
  )
  const lasting = ([name]: [string, unknown]): boolean => !ofOneRequest.includes(name)
  const log = logged(id).map((line) => tidy(JSON.stringify(Object.fromEntries(Object.entries(line).filter(lasting)))))
  return { entries, log }
} // prettier-ignore

/** Sends it as it was planned, the identifiers written into the path. */
export function send(client: Client, { method, path }: Operation, { params = {}, query, body, headers }: Asked): Promise<Answer> {
  const url = Object.entries(params).reduce((whole, [name, value]) => whole.replace(`{${name}}`, value), path)
  const search = query && Object.keys(query).length > 0 ? `?${new URLSearchParams(query)}` : ''
  return client.send(method, url + search, { ...(body !== undefined && { body }), ...(headers && { headers }) })
} // prettier-ignore

export type Clients = { world: World; theirs: Place; ours: Place }

/** Whose work the plan is, in an establishment. */
export const clientOf = ({ world }: Clients, { who, endsSession }: Plan, of: Who): Client => {
  const client = { agent: of.agent, admin: of.admin, anonymous: world.anonymous, superadmin: world.as('superadmin'), ministere: world.as('ministere') }[who]
  return endsSession ? new Client(world.app, client.username) : client
} // prettier-ignore

/** Text of another establishment in an answer; what was sent may come back. */
const leaked = (answer: Answer, other: Place): string[] => {
  const whole = `${answer.text} ${JSON.stringify(answer.headers)}`
  return [other.mark, ...Object.values(other.records).map(({ id }) => id)].filter((secret) => whole.includes(secret))
}

/** Enough of a text to see where it begins to differ from the other one. */
function fromDifference(text: string, other: string): string {
  let at = 0
  while (at < text.length && text[at] === other[at]) at += 1
  return text.slice(Math.max(0, at - 60), at + 200)
}

/** What is wrong when something of theirs is put into each place of our request; `[]`: nothing. */
export async function tryEveryPlace(
  clients: Clients,
  operation: Operation,
  plan: Plan,
): Promise<{ tried: string[]; wrong: string[] }> {
  const { world, theirs, ours } = clients
  const tried: string[] = []
  const wrong: string[] = []
  const ask = (who: Who, asked: Asked) => send(clientOf(clients, plan, who), operation, asked)
  for (const { name, elsewhere, nowhere } of plan.because
    ? []
    : await dimensionsOf(operation, plan, theirs, ours, ask)) {
    const label = `${operation.name} ${name}`
    const sent = elsewhere(await plan.make(ours))
    const [there, none] = [await ask(ours, sent), await ask(ours, nowhere(await plan.make(ours)))]
    const differ = (one: object, other: object): void => {
      for (const [what, value] of Object.entries(one)) {
        const [here, nil] = [JSON.stringify(value), JSON.stringify((other as Record<string, unknown>)[what])]
        if (here !== nil)
          wrong.push(`${label}: ${what}: elsewhere ${fromDifference(here, nil)}, nowhere ${fromDifference(nil, here)}`)
      }
    }
    differ(comparable(there), comparable(none))
    differ(await recorded(world, there), await recorded(world, none))
    if (name.startsWith('params') && there.status < 400) wrong.push(`${label}: ${there.status}`)
    const echoed = JSON.stringify(sent)
    wrong.push(
      ...leaked(there, theirs)
        .filter((secret) => !echoed.includes(secret))
        .map((secret) => `${label}: ${secret} came back`),
    )
    tried.push(label)
  }
  return { tried, wrong }
}

/** What is wrong when the request that is ours is sent with another token, or with none; `[]`: nothing. */
export async function tryEveryToken(
  clients: Clients,
  operation: Operation,
  plan: Plan,
  tokens: Record<string, (rights: 'one' | 'fresh') => Client>,
  allowed: (who: string) => boolean | 'public',
): Promise<string[]> {
  const wrong: string[] = []
  const asked = await plan.make(unmarked(clients.ours))
  for (const [who, client] of Object.entries(tokens)) {
    const answer = await send(client(plan.endsSession ? 'fresh' : 'one'), operation, asked)
    const label = `${operation.name} as ${who}: ${answer.status}`
    const may = allowed(who)
    if (may === false && answer.status !== (who === 'anonymous' ? 401 : 403)) wrong.push(label)
    const national = who === 'MINISTERE_SIS' || who === 'SIS_INRSP'
    const sees = who === 'SUPER_ADMIN' || (national && plan.path === 'establishments')
    if (may === true && plan.path && !sees && answer.status < 400) wrong.push(label)
    if (answer.status >= 500) wrong.push(label)
    const echoed = JSON.stringify(asked)
    if (!sees)
      wrong.push(
        ...leaked(answer, clients.ours)
          .filter((secret) => !echoed.includes(secret))
          .map((secret) => `${label}: ${secret} came back`),
      )
  }
  return wrong
}
