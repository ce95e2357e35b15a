import { readFileSync } from 'node:fs'
import { startDatabase, type TestDatabase } from '../cluster.ts'
import { atEnd, type Test } from '../ending.ts'
import { testPassword, type establishments } from '../fixtures.ts'
import { childrenOf, newDataDir, sis, type SisProcess } from '../sis-process.ts'

type Slug = (typeof establishments)[number]['slug']

export type OverloadServer = {
  program: SisProcess
  port: number
  schemaOf(slug: Slug): Promise<string>
  /** A request of the establishment's agent, as it is sent. */
  get(slug: Slug, path: string): Promise<string>
  /** Resident memory of the HTTP processes, in MB. */
  memory(): number
}

/** The real program with two HTTP processes on a database of its own, its limits at their defaults unless `settings` say. */
export async function overloadServer(
  t: Test,
  database: TestDatabase,
  settings: Record<string, string | number> = {},
): Promise<OverloadServer> {
  const program = sis(t, ['serve'], {
    DATABASE_URL: database.apiUrl,
    DATABASE_OWNER_URL: database.superuserUrl,
    SIS_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    SIS_DATA_DIR: newDataDir(t),
    SIS_WORKERS: '2',
    ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)])),
  })
  // A machine that is busy with other tests may need longer than others allow for a start.
  await program.ready().catch(() => program.ready())
  const tokens = new Map<Slug, Promise<string>>()
  const signIn = async (slug: Slug): Promise<string> => {
    const answer = await fetch(`${program.url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: `${slug}.agent`, password: testPassword }),
    })
    const body = (await answer.json()) as { access_token: string }
    if (answer.status !== 200) throw new Error(JSON.stringify(body))
    return body.access_token
  }
  return {
    program,
    port: Number(new URL(program.url).port),
    async schemaOf(slug) {
      const rows = await database.asSuperuser<{ schema_name: string }>(
        'select schema_name from sis_platform.establishment where slug = $1',
        [slug],
      )
      return rows[0]?.schema_name ?? ''
    },
    async get(slug, path) {
      if (!tokens.has(slug)) tokens.set(slug, signIn(slug))
      return `GET ${path} HTTP/1.1\r\nHost: sis\r\nAuthorization: Bearer ${await tokens.get(slug)}\r\n\r\n`
    },
    memory() {
      const processes = childrenOf(program.pid).filter(({ command }) => command.includes('server.'))
      const resident = processes.map(
        ({ pid }) => /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1],
      )
      return Math.round(resident.reduce((sum, kb) => sum + Number(kb), 0) / 1_024)
    },
  }
}

/** The database of a test file, gone at its end. */
export async function databaseFor(t: Test): Promise<TestDatabase> {
  const database = await startDatabase()
  atEnd(t, () => database.stop())
  return database
}
