import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Options } from '../options.ts'
import { load, type Request, type Round } from '../measure/load.ts'
import { query, reach, openTokens, withOwner, type Reached, type Site } from '../world/database.ts'
import { findUvicorn, guideTables, startGuide, type Guide, type GuideTables } from '../world/guide.ts'
import { serve, type Server } from '../world/program.ts'
import type { Fill } from '../world/records.ts'
import { ensureSites, listSites, someRecords } from '../world/seed.ts'

/** What a row gets to work with. */
export type Bench = {
  options: Options
  wrk: string
  pgbench: string | undefined
  /** Where data folders stand. */
  data: string
  /** For files of this run. */
  folder: string
  program: string
  say(line: string): void
}

/** Establishments with records behind the built server: as shipped, and the same without the record of reads. */
export type Arena = {
  dataDir: string
  reached: Reached
  sites: Site[]
  records: Map<string, { consultations: string[]; patients: string[] }>
  recorded: Server
  /** Only where it was asked for. */
  unrecorded: Server | undefined
  guide: (Guide & { tables: GuideTables }) | { absent: string }
  /** A token of each agent, by the establishment's slug. */
  tokens(): Promise<Map<string, string[]>>
  /** How many entries the record of reads has. */
  entries(): Promise<number>
  close(): Promise<void>
}

/** A folder with `count` establishments, made at its first use. */
export async function prepareData(bench: Bench, name: string, count: number, fill: Fill): Promise<string> {
  const dataDir = join(bench.data, name)
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const times = openCreations(join(dataDir, 'creation.json'))
  await withOwner(dataDir, (owner, url) =>
    ensureSites(owner, url, {
      count,
      fill,
      created(n, ms) {
        times.push({ n, ms })
        if ((n + 1) % 100 !== 0) return
        times.write()
        bench.say(`  ${n + 1} of ${count} establishments made`)
      },
    }),
  )
  times.write()
  return dataDir
}

/** How long each creation took (ms), kept with the folder: it is filled once and used many times. */
export type Creation = { n: number; ms: number }

function openCreations(path: string) {
  const all = creationsIn(path)
  return {
    push: (one: Creation) => all.push(one),
    write: () => writeFileSync(path, JSON.stringify(all)),
  }
}

export const creationsIn = (path: string): Creation[] =>
  existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Creation[]) : []

export const unrecordedOptions = `--import ${pathToFileURL(join(import.meta.dirname, '..', 'world', 'unrecorded.mjs')).href}`

type ArenaOptions = {
  count: number
  /** Records of each establishment that are asked for. */
  each: number
  compared: boolean
  /** All the load comes to few people, whose limits would be what is measured. */
  crowded?: boolean
}

/** The servers on a prepared folder; where it is compared, also the one that does not record, and the guide's design. */
export async function openArena(
  { program, folder, say }: Bench,
  dataDir: string,
  { count, each, compared, crowded = false }: ArenaOptions,
): Promise<Arena> {
  const undo: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const end of undo.reverse()) await end()
  }
  try {
    const limits = crowded && { SIS_RATE_REQUESTS: '1000000', SIS_RATE_ESTABLISHMENT: '1000000' }
    const recorded = await serve({ program, environment: { SIS_DATA_DIR: dataDir, ...limits } })
    undo.push(recorded.stop)
    const reached = await reach(dataDir)
    const unrecorded = compared ? await serveUnrecorded(program, join(folder, 'unrecorded'), reached) : undefined
    if (unrecorded) undo.push(unrecorded.stop)
    const sites = await listSites(reached.superuserUrl, count)
    if (sites.length !== count) throw new Error(`${count} establishments were wanted, ${sites.length} are there`)
    const found = compared ? findUvicorn() : { absent: 'not asked for' }
    let guide: Arena['guide']
    if ('absent' in found) guide = found
    else {
      const tables = await guideTables(reached.superuserUrl, count)
      const running = await startGuide(found.command, tables)
      undo.push(running.stop)
      guide = { ...running, tables }
    }
    if (compared && 'absent' in guide) say(`  the guide's design: ${guide.absent}`)
    return {
      dataDir,
      reached,
      sites,
      records: await someRecords(reached.superuserUrl, sites, each),
      recorded,
      unrecorded,
      guide,
      tokens: tokensOf(reached, sites),
      async entries() {
        const [row] = await query<{ count: number }>(reached.superuserUrl, 'select count(*)::int as count from sis_audit.entry') // prettier-ignore
        return row?.count ?? 0
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** A second supervisor on the same database: its HTTP processes are the same but for the record of reads. */
const serveUnrecorded = (program: string, dataDir: string, reached: Reached): Promise<Server> =>
  serve({
    program,
    environment: {
      SIS_DATA_DIR: dataDir,
      DATABASE_URL: reached.apiUrl,
      DATABASE_OWNER_URL: reached.superuserUrl,
      SIS_MASTER_KEY: reached.masterKey.toString('base64'),
      NODE_OPTIONS: unrecordedOptions,
    },
  })

// A token lasts ten minutes; a round must not see it end.
const renewAfterMs = 4 * 60_000

function tokensOf(reached: Reached, sites: readonly Site[]): Arena['tokens'] {
  let [made, all]: [number, Map<string, string[]>] = [0, new Map()]
  return async () => {
    if (Date.now() - made < renewAfterMs) return all
    const issue = await openTokens(reached)
    all = new Map()
    for (const site of sites) all.set(site.slug, await Promise.all(site.agents.map((agent) => issue(site, agent))))
    made = Date.now()
    return all
  }
}

/** One round of the load against a server of an arena. */
export function roundOn(
  { options, wrk, folder }: Bench,
  arena: Arena,
  server: { url: string; pid: number },
  requests: () => Promise<Request[]>,
  { keyed = false, tellsRefusals = false }: { keyed?: boolean; tellsRefusals?: boolean } = {},
): (seconds: number) => Promise<Round> {
  return async (seconds) =>
    load(
      {
        url: server.url,
        requests: await requests(),
        keyed,
        serverPid: server.pid,
        postgresPid: arena.reached.postgresPid,
      },
      { wrk, seconds, connections: options.connections, folder, tellsRefusals },
    )
}
