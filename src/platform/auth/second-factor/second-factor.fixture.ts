import assert from 'node:assert/strict'
import decodeQR from 'qr/decode.js'
import { harness, type Answer, type Body, type Client, type Site } from '../../../../test/harness.ts'
import { activate, enrol, firstLogin, newcomer, password, type Phone } from '../../users/people.fixture.ts'
import { createUser } from '../../users/operator.ts'
import type { Role } from '../rights.ts'
import { codeOf, stepAt } from './codes.ts'

export const operator = { id: null, name: 'console', role: 'OPERATOR' }
export const secondFactor = '/api/v1/auth/second-factor'

export const refused = (answer: Answer, status: number, code: string): void =>
  assert.deepEqual([answer.status, answer.body?.code], [status, code], answer.text)

/** Somebody with a second factor. */
export type Enrolled = { id: string; username: string; client: Client; phone: Phone; codes: string[]; tokens: Body }

/** A person of an establishment, or of the platform, who has just enrolled. */
export async function enrolled(username: string, where: Site | 'platform', ...roles: Role[]): Promise<Enrolled> {
  const { withToken } = await harness()
  const first =
    where === 'platform' ? await platformPerson(username, roles[0]!) : await newcomer(where, username, roles)
  const { tokens, phone } = first.phone ? first : await enrol(withToken(first.tokens.access_token))
  const client = withToken(tokens.access_token)
  return { id: tokens.user.id, username, client, phone: phone!, codes: tokens.recoveryCodes, tokens }
}

async function platformPerson(username: string, role: Role) {
  const { tenancy } = await harness()
  await activate((await createUser(tenancy.platform, operator, { username, displayName: username, role })).token)
  return firstLogin(username)
}

/** Logs in by password, which must ask for a code. @returns the challenge */
export async function challengeOf(username: string, chosen = password): Promise<string> {
  const { anonymous } = await harness()
  const answer = await anonymous.post('/api/v1/auth/login', { username, password: chosen })
  refused(answer, 401, 'second_factor_required')
  return answer.body.challenge
}

export async function answer(challenge: string, code: string): Promise<Answer> {
  const { anonymous } = await harness()
  return anonymous.post(secondFactor, { challenge, code })
}

/** The present code, as if none had been given for a while. */
export async function freshCode({ id, phone }: { id: string; phone: Phone }): Promise<string> {
  const { database } = await harness()
  await database.asSuperuser('update sis_platform.second_factor set last_step = 0 where account_id = $1', [id])
  return codeOf(phone.secret, stepAt(new Date()))
}

/** Six digits that are not those of this minute or the next. */
export function wrongCode({ phone }: { phone: Phone }): string {
  const here = stepAt(new Date())
  const right = Array.from({ length: 20 }, (_, i) => codeOf(phone.secret, here - 5 + i))
  return ['000000', '111111', '222222'].find((code) => !right.includes(code))!
}

/** What stands on an establishment's record of this person's second factor. */
export async function actsOf(site: Site, id: string): Promise<string[]> {
  const { database } = await harness()
  const rows = await database.asSuperuser<{ act: string }>(
    `select concat_ws(' ', action, outcome, reason) as act from sis_audit.entry
     where tenant = $1 and (resource_id = $2 or actor_id::text = $2) order by seq`,
    [site.establishment.schema, id],
  )
  return rows.map(({ act }) => act)
}

/** What a telephone's camera reads in an SVG that is made of squares of one unit. */
export function readSvg(svg: string): string {
  const [, size] = /viewBox="0 0 (\d+) /.exec(svg) ?? []
  const scale = 4
  const width = Number(size) * scale
  const data = new Uint8Array(width * width * 4).fill(255)
  let [x, y] = [0, 0]
  for (const [, command, first, second] of (/<path d="([^"]+)"/.exec(svg)?.[1] ?? '').matchAll(/([Mm])(-?\d+)[ ,]?(-?\d+)/g)) {
    ;[x, y] = command === 'M' ? [Number(first), Number(second)] : [x + Number(first), y + Number(second)]
    for (let row = 0; row < scale; row++)
      for (let column = 0; column < scale; column++)
        data.fill(0, ((y * scale + row) * width + x * scale + column) * 4, ((y * scale + row) * width + x * scale + column) * 4 + 3)
  }
  return decodeQR({ width, height: width, data })
} // prettier-ignore
