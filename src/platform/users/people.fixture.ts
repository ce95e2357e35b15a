import { harness, type Client, type Site } from '../../../test/harness.ts'

export const password = 'trois pirogues sur le Bani'

/** Uses a one-time link as its person would. */
export async function activate(token: string, chosen = password): Promise<void> {
  const { anonymous } = await harness()
  await anonymous.post('/api/v1/auth/activate', { token, password: chosen }, 204)
}

export type Person = {
  id: string
  client: Client
  /** A client with tokens renewed by the refresh token. */
  refresh(): Promise<Client>
}

/** A person whom the establishment's administrator has added and who has chosen a password. */
export async function newcomer(site: Site, username: string, roles: string[]): Promise<Person> {
  const { anonymous, withToken } = await harness()
  const { body } = await site.admin.post('/api/v1/users', { username, displayName: `Personne ${username}`, roles }, 201)
  await activate(body.activation.token)
  const login = await anonymous.post('/api/v1/auth/login', { username, password }, 200)
  return {
    id: body.id,
    client: withToken(login.body.access_token),
    async refresh() {
      const { body: renewed } = await anonymous.post(
        '/api/v1/auth/refresh',
        { refresh_token: login.body.refresh_token },
        200,
      )
      return withToken(renewed.access_token)
    },
  }
}

export async function userOf(site: Site, id: string): Promise<{ version: number }> {
  return (await site.admin.get(`/api/v1/users/${id}`, 200)).body
}
