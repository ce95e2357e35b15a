import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { createTenancy } from '#tenancy'
import { buildApp } from '../../src/app.ts'
import { openAccess } from '../../src/platform/auth/index.ts'
import { openWire, type Sent } from '../measure/wire.ts'
import { quiet, type Reached, type Site } from '../world/database.ts'

const most = 1_000_000
const rates = { rateLogin: most, rateRequests: most, rateEstablishment: most, rateUserInFlight: most, rateEstablishmentInFlight: most, rateInFlight: most } // prettier-ignore

/**
 * What our own list says to PostgreSQL, read off the wire while the application answers one request of each
 * establishment, as scripts of pgbench: the limit of our own statement is measured with it, not with one written by hand.
 * @returns a script of each establishment, and the variables that they begin with
 */
export async function ownScripts(
  { superuserUrl, apiUrl, installation, masterKey }: Reached,
  sites: readonly Site[],
  tokens: ReadonlyMap<string, readonly string[]>,
  folder: string,
): Promise<{ scripts: string[]; variables: Record<string, number> }> {
  const wire = await openWire(Number(new URL(superuserUrl).port))
  const url = new URL(apiUrl)
  url.port = String(wire.port)
  // Not through the server's socket, where nobody reads along.
  url.searchParams.delete('host')
  const tenancy = await createTenancy({ url: url.toString(), installation, poolSize: 1, log: quiet })
  // Nothing of what the record says belongs to the list.
  const accesses = { append: async () => {}, held: 0 }
  const access = await openAccess({ tenancy: { ...tenancy, accesses }, masterKey, installation })
  const app = await buildApp({ config: { corsOrigins: [], trustProxy: [], ...rates }, access, log: pino({ level: 'silent' }) }) // prettier-ignore
  const target = join(folder, 'own')
  mkdirSync(target, { recursive: true })
  try {
    const scripts: string[] = []
    for (const [n, { slug }] of sites.entries()) {
      const before = wire.sent().map((all) => all.length)
      const authorization = `Bearer ${tokens.get(slug)?.[0]}`
      const answer = await app.inject({ url: '/api/v1/consultations?limit=20', headers: { authorization } })
      if (answer.statusCode !== 200) throw new Error(`the list answered ${answer.statusCode}: ${answer.body}`)
      const said = wire.sent().map((all, i) => all.slice(before[i])).find((all) => all.some(({ text }) => isList(text))) // prettier-ignore
      if (said === undefined) throw new Error('the list asked the database nothing')
      const path = join(target, `${n}.sql`)
      writeFileSync(path, scriptOf(said, n))
      scripts.push(path)
    }
    return { scripts, variables: Object.fromEntries(sites.map((_, n) => [`p${n}`, 0])) }
  } finally {
    await app.close()
    access.close()
    await tenancy.close()
    await wire.close()
  }
}

const isList = (text: string): boolean => /\bfrom "consultation"/.test(text)

/** A transaction as one message, its list a named statement that a connection prepares at its first use. */
export function scriptOf(said: readonly Sent[], n: number): string {
  const at = said.findIndex(({ text }) => isList(text))
  const list = said[at]!
  const around = (statement: string): string =>
    [...said.slice(0, at).map(inWords), statement, ...said.slice(at + 1).map(inWords)].join('\\; ')
  const values = list.values.length > 0 ? `(${list.values.map(literal).join(', ')})` : ''
  return `\\if :p${n}
\\else
\\set p${n} 1
${around(`prepare list${n} as ${list.text}`)};
\\endif
${around(`execute list${n}${values}`)};
`
}

const literal = (value: string | null): string => (value === null ? 'null' : `'${value.replaceAll("'", "''")}'`)

/** A statement with its values in their places; pgbench ends one at a semicolon. */
export const inWords = ({ text, values }: Sent): string =>
  text.replace(/;\s*$/, '').replace(/\$(\d+)/g, (_, place: string) => literal(values[Number(place) - 1] ?? null))
