import { harness, type Body, type Client, type Site } from '../../../test/harness.ts'
import { codeOf, stepAt } from '../auth/second-factor/codes.ts'

export const password = 'trois pirogues sur le Bani'

/** Uses a one-time link as its person would. */
export async function activate(token: string, chosen = password): Promise<void> {
  const { anonymous } = await harness()
  await anonymous.post('/api/v1/auth/activate', { token, password: chosen }, 204)
}

/** An authenticator application. */
export type Phone = {
  /** A code that it has not shown yet: the step before the present one first, then on, at most a minute ahead. */
  next(): string
  secret: Buffer
}

/** The first login of somebody whose password was just chosen; enrols a second factor where the role demands one. */
export async function firstLogin(username: string, chosen = password): Promise<{ tokens: Body; phone?: Phone }> {
  const { anonymous, withToken } = await harness()
  const { body } = await anonymous.post('/api/v1/auth/login', { username, password: chosen }, 200)
  const { active, required } = body.user.secondFactor
  if (!required || active) return { tokens: body }
  return enrol(withToken(body.access_token), chosen)
}

/** Enrols a second factor: the tokens of the session that it opens, with the recovery codes. */
export async function enrol(client: Client, chosen = password, code?: string): Promise<{ tokens: Body; phone: Phone }> {
  const begun = await client.post('/api/v1/auth/totp', { password: chosen, ...(code && { code }) }, 200)
  const phone = phoneOf(begun.body.secret)
  return { tokens: (await client.post('/api/v1/auth/totp/confirm', { code: phone.next() }, 200)).body, phone }
}

export function phoneOf(base32: string): Phone {
  const secret = fromBase32(base32)
  let step = stepAt(new Date()) - 2
  return { secret, next: () => codeOf(secret, (step = Math.max(step + 1, stepAt(new Date()) - 1))) }
}

// RFC 4648 6, as an application reads it: not by the library that wrote it.
function fromBase32(text: string): Buffer {
  const bits = [...text].map((letter) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
  )
  return Buffer.from(
    bits
      .join('')
      .match(/.{8}/g)
      ?.map((byte) => Number.parseInt(byte, 2)) ?? [],
  )
}

export type Person = {
  id: string
  client: Client
  tokens: Body
  /** Where the role demands a second factor. */
  phone?: Phone
  /** A client with tokens renewed by the refresh token. */
  refresh(): Promise<Client>
}

/** A person whom the establishment's administrator has added and who has chosen a password. */
export async function newcomer(site: Site, username: string, roles: string[]): Promise<Person> {
  const { anonymous, withToken } = await harness()
  const { body } = await site.admin.post('/api/v1/users', { username, displayName: `Personne ${username}`, roles }, 201)
  await activate(body.activation.token)
  const { tokens, phone } = await firstLogin(username)
  return {
    id: body.id,
    client: withToken(tokens.access_token),
    tokens,
    ...(phone && { phone }),
    async refresh() {
      const { body: renewed } = await anonymous.post(
        '/api/v1/auth/refresh',
        { refresh_token: tokens.refresh_token },
        200,
      )
      return withToken(renewed.access_token)
    },
  }
}

export async function userOf(site: Site, id: string): Promise<{ version: number }> {
  return (await site.admin.get(`/api/v1/users/${id}`, 200)).body
}
