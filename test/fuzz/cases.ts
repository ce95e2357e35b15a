import type { Random } from '../../src/demo/random.ts'
import { testPassword } from '../fixtures.ts'
import type { Operation } from './checker.ts'
import * as corpus from './corpus.ts'
import * as envelopes from './envelopes.ts'
import { mutated, valid, written, type Hints, type Schema } from './values.ts'
import { fixtures } from '../modules.ts'
import { actorOf, actors, oneOf, subjectOf, type Known, type World } from './world.ts'

export type Case = {
  operation: Operation
  actor: string | undefined
  method: string
  url: string
  headers: Record<string, string | string[]>
  body?: Buffer
  /** What was done to it; empty: it should be accepted. */
  notes: string[]
  remoteAddress: string
}

/** Values that only this world gives: its records, plausible births and measures. */
export function hintsOf(world: World): Hints {
  const id = (kind: string) => (choose: Random) => oneOf(world, kind, choose).id
  const birth = (choose: Random) =>
    choose.pick([
      { precision: 'day', date: '1986-03-21' },
      { precision: 'month', date: '1986-03' },
      { precision: 'year', date: `19${choose.int(30, 99)}` },
      { precision: 'estimate', estimate: { value: choose.int(1, 90), unit: 'years', on: '2026-07-01' } },
      { precision: 'estimate', estimate: { value: choose.int(1, 20), unit: 'months', on: '2026-07-01' } },
    ])
  return {
    patientId: id('patients'),
    serviceId: (choose) => (choose.chance(0.5) ? null : oneOf(world, 'services', choose).id),
    specialtyId: (choose) => (choose.chance(0.5) ? null : oneOf(world, 'specialties', choose).id),
    birth,
    date: (choose) => `2026-0${choose.int(1, 9)}-1${choose.int(0, 9)}`,
    codes: (choose) => choose.pick([[], [{ code: 'B54' }], [{ code: 'B54', role: 'main' }, { code: 'A09' }]]),
    vitals: (choose) =>
      choose.pick([null, {}, { temperature: 38.9, pulse: 96 }, { weight: 14.2, height: 95, spo2: 97 }]),
    phone: (choose) => choose.pick([null, '76 12 34 56', '+22376123456']),
    confirmDuplicate: (choose) => choose.chance(0.8),
    cursor: () => undefined,
    slug: (choose) => `lieu_${choose.int(1, 10 ** 9)}`,
    establishment: () => undefined,
    role: () => undefined,
    roles: (choose) => choose.pick([['SIS_CSCOM'], ['ADMIN_LOCAL'], ['SIS_CSCOM', 'ADMIN_LOCAL']]),
    existing: () => false,
    username: (choose) => (choose.chance(0.3) ? 'cabinet_etoile.admin' : `a.${choose.int(1, 10 ** 9)}`),
    email: () => 'a.coulibaly@example.org',
    password: (choose) => choose.pick([testPassword, testPassword, 'le mil est haut cette année']),
    newPassword: () => testPassword,
    currentPassword: () => testPassword,
    refresh_token: () => world.refreshToken(),
    grant_type: (choose) => choose.pick(['password', 'password', 'refresh_token']),
  }
}

const hintsOfModules = (world: World): Record<string, Hints> =>
  Object.assign({}, ...fixtures.map(({ fuzz }) => fuzz?.hints((kind) => (choose) => oneOf(world, kind, choose).id)))
const needs = new Map(fixtures.flatMap(({ fuzz }) => Object.entries(fuzz?.needs ?? {})))

/** One request to this operation: as it should be, or with one or two things wrong in it. */
export function makeCase(world: World, operation: Operation, choose: Random): Case {
  const { method, path, body } = operation
  const kind = subjectOf(path)
  const hints = { ...hintsOf(world), ...hintsOfModules(world)[kind] }
  const record = oneOf(world, kind, choose)
  const made: Case = {
    operation,
    actor: actorOf(method, path),
    method,
    url: addressOf(operation, record, choose, hints),
    headers: headersOf(operation, record, choose),
    notes: [],
    remoteAddress: `10.${choose.int(0, 255)}.${choose.int(0, 255)}.${choose.int(1, 254)}`,
  }
  const [type] = Object.keys(body)
  const wrongs = choose.weighted([
    [0, 20],
    [1, 60],
    [2, 20],
  ])
  const damage = Array.from({ length: wrongs }, () =>
    choose.weighted<keyof typeof damages>([
      ['body', type === undefined ? 2 : 60],
      ['query', operation.parameters.some((one) => one.in === 'query') ? 35 : 4],
      ['path', path.includes('{') ? 20 : 4],
      ['header', 12],
      ['type', 10],
      ['actor', 5],
      ['method', 3],
    ]),
  )
  if (type !== undefined) addBody(made, type, damage.includes('body'), world, choose, hints)
  else if (damage.includes('body')) {
    made.headers['content-type'] = 'application/json'
    made.body = Buffer.from(choose.pick(corpus.literals))
    made.notes.push('a body where none is read')
  }
  for (const part of damage) damages[part]?.(made, choose)
  made.url = ending(made.url)
  return made
}

// A stream that is followed ends with its token: its answer would be waited for.
const ending = (url: string): string =>
  /\/notifications\/stream(\?|$)/.test(url)
    ? url
        .replace(/follow=true/g, 'follow=false')
        .replace(/\/stream(\?|$)/, (_, mark: string) =>
          /[?&]follow=/.test(url) ? `/stream${mark}` : `/stream?follow=false${mark && '&'}`,
        )
    : url

const damages: Record<
  'body' | 'query' | 'path' | 'header' | 'type' | 'actor' | 'method',
  ((made: Case, choose: Random) => void) | undefined
> = {
  body: undefined,
  query(made, choose) {
    made.url += `${made.url.includes('?') ? '&' : '?'}${hostileQuery(made.operation, choose)}`
    made.notes.push('query')
  },
  path(made, choose) {
    const [path = '', query] = made.url.split('?')
    const parts = path.split('/')
    const hostile = choose.pick([...envelopes.pathParts, encodeURIComponent(choose.pick(sendable))])
    const at = made.operation.path.split('/').findIndex((part) => part.startsWith('{'))
    if (at > 0 && choose.chance(0.8)) parts[at] = hostile
    else parts.splice(choose.int(1, parts.length), choose.int(0, 1), hostile)
    made.url = parts.join('/') + (query === undefined ? '' : `?${query}`)
    made.notes.push('path')
  },
  header(made, choose) {
    const [name, values] = choose.pick(envelopes.headers)
    made.headers[name] = choose.pick(values)
    if (name === 'authorization') made.actor = undefined
    made.notes.push(`header ${name}`)
  },
  type(made, choose) {
    made.headers['content-type'] = choose.pick(envelopes.contentTypes)
    if (choose.chance(0.1)) delete made.headers['content-type']
    made.notes.push('content type')
  },
  actor(made, choose) {
    made.actor = choose.pick([undefined, ...actors])
    made.notes.push(`as ${made.actor}`)
  },
  method(made, choose) {
    made.method = choose.pick([
      'HEAD',
      'OPTIONS',
      'TRACE',
      'PROPFIND',
      'PUT',
      'GET',
      'POST',
      'PATCH',
      'DELETE',
      'SEARCH',
    ])
    made.notes.push('method')
  },
}

// A form holds texts only; String() of a hostile value can throw: its toString may be no function.
const formText = (value: unknown): string =>
  (value !== null && typeof value === 'object' ? written(value) : String(value)).toWellFormed()

const sendable = corpus.texts.filter((text) => text.isWellFormed() && text.length < 3_000)

function addressOf({ path, parameters }: Operation, record: Known, choose: Random, hints: Hints): string {
  const address = path.replace('{id}', record.of ?? record.id).replace(/\{\w+\}/g, record.id)
  const given = parameters
    .filter((one) => one.in === 'query' && (one.required || choose.chance(0.35)))
    .map(({ name, schema }) => [name, valid(schema, choose, hints, name)] as const)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`)
  return given.length > 0 ? `${address}?${given.join('&')}` : address
}

function hostileQuery({ parameters }: Operation, choose: Random): string {
  const known = parameters.filter((one) => one.in === 'query')
  if (known.length === 0 || choose.chance(0.4)) return choose.pick(envelopes.queries)
  const value = choose.pick([...sendable, ...corpus.days, ...corpus.numbers.map(String)])
  return `${choose.pick(known).name}=${encodeURIComponent(value)}`
}

function headersOf({ parameters }: Operation, record: Known, choose: Random): Case['headers'] {
  const takes = (name: string) => parameters.some((one) => one.in === 'header' && one.name === name)
  return {
    ...(takes('if-match') && choose.chance(0.9) && { 'if-match': `"${record.version}"` }),
    ...(takes('idempotency-key') && choose.chance(0.3) && { 'idempotency-key': `cle-${choose.int(1, 400)}` }),
  }
}

function addBody(made: Case, type: string, isDamaged: boolean, world: World, choose: Random, hints: Hints): void {
  const schema: Schema = made.operation.body[type]?.schema ?? {}
  made.headers['content-type'] = type
  if (type === 'multipart/form-data') return addFile(made, isDamaged, choose)
  let value = schema.examples && choose.chance(0.1) ? schema.examples[0] : valid(schema, choose, hints)
  const needed = needs.get(`${made.operation.method} ${made.operation.path}`)
  if (needed && choose.chance(0.7))
    value = { ...Object.fromEntries(needed.map((name) => [name, hints[name]?.(choose)])), ...(value as object) }
  if (isDamaged && choose.chance(0.8)) {
    const change = mutated(value, schema, choose, world.foreign)
    value = change.value
    made.notes.push(change.note)
  }
  if (type === 'application/x-www-form-urlencoded') {
    const fields = Object.entries((value ?? {}) as Record<string, unknown>)
    made.body = Buffer.from(
      fields.map(([name, one]) => `${encodeURIComponent(name)}=${encodeURIComponent(formText(one))}`).join('&'),
    )
  } else made.body = Buffer.from(written(value))
  if (!isDamaged || made.notes.length > 0) return
  const [note, damage] = choose.pick(byteDamages)
  made.body = damage(made.body, choose)
  made.notes.push(note)
}

const within = (body: Buffer, choose: Random, bytes: Buffer): Buffer => {
  const at = choose.int(0, body.length)
  return Buffer.concat([body.subarray(0, at), bytes, body.subarray(at)])
}

// What a text of JSON cannot hold, or that no writer of JSON writes.
const byteDamages: [note: string, (body: Buffer, choose: Random) => Buffer][] = [
  [
    'invalid UTF-8',
    (body, choose) =>
      within(body, choose, choose.pick([[0xff], [0xc3], [0x80], [0xed, 0xa0, 0x80]].map((b) => Buffer.from(b)))),
  ],
  ['overlong UTF-8', (body, choose) => within(body, choose, Buffer.from([0xc0, 0xaf, 0xe0, 0x80, 0xaf]))],
  ['NUL byte', (body, choose) => within(body, choose, Buffer.from([0]))],
  ['byte-order mark', (body) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), body])],
  ['UTF-16', (body) => Buffer.from(`\ufeff${body.toString()}`, 'utf16le')],
  ['cut', (body, choose) => body.subarray(0, choose.int(0, body.length))],
  ['twice', (body) => Buffer.concat([body, body])],
  ['empty', () => Buffer.alloc(0)],
  ['a root of another kind', (_, choose) => Buffer.from(choose.pick(corpus.literals))],
  ['keys twice', (body) => Buffer.from(body.toString().replace(/^\{(.+)\}$/s, '{$1,$1}'))],
  [
    'another key of the prototype',
    (body) => Buffer.from(body.toString().replace(/^\{/, '{"__proto__":{"isAdmin":true},')),
  ],
  ['too large', () => Buffer.from(`{"notes":"${'x'.repeat(300_000)}"}`)],
  [
    'a byte flipped',
    (body, choose) => {
      const copy = Buffer.from(body)
      if (copy.length > 0) copy[choose.int(0, copy.length - 1)]! ^= 1 << choose.int(0, 7)
      return copy
    },
  ],
]

const registers = [
  'Date;Nom;Prénom;Sexe;Âge;Unité;Diagnostic\n01/07/2026;Coulibaly;Awa;F;40;ans;Paludisme\n',
  'Date;Nom;Prénom;Sexe;Âge;Unité;Diagnostic\n30/02/2026;;;X;-1;siècles;\n;;;;;;\n',
  'Date;Nom\n"ouvert;x\n',
  '',
  '\u0000\u0001\u0002',
  `${';'.repeat(5_000)}\n`,
  'Date;Date;Nom;Nom\n',
  `Date;Nom;Prénom;Sexe;Naissance;Diagnostic\n${'infinity;a;b;F;0000-01-01;x\n'.repeat(30)}`,
  'PK\u0003\u0004',
]

/** A form with a register, whole or malformed. */
function addFile(made: Case, isDamaged: boolean, choose: Random): void {
  const boundary = 'x9'
  const content = choose.pick(isDamaged ? [...registers, choose.pick(corpus.texts)] : registers.slice(0, 1))
  const name = isDamaged ? choose.pick(['file', 'file', 'autre', '', '__proto__', 'x'.repeat(300)]) : 'file'
  const filename = isDamaged
    ? choose.pick(['a.csv', '../../a', 'a"b', '%00', 'x'.repeat(5_000), 'é\u202e'])
    : 'registre.csv'
  const part = `--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="${filename}"\r\nContent-Type: text/csv\r\n\r\n${content}\r\n`
  const end = `--${boundary}--\r\n`
  const whole = isDamaged
    ? choose.pick([
        part + end,
        part,
        part + part + end,
        end,
        '',
        part.replace('\r\n\r\n', '\r\n') + end,
        `--${boundary}\r\n${'A: b\r\n'.repeat(3_000)}\r\n${end}`,
        `${part}${end}x`,
      ])
    : part + end
  made.headers['content-type'] = `multipart/form-data; boundary=${boundary}`
  made.body = Buffer.from(whole)
  if (isDamaged) made.notes.push('form')
}
