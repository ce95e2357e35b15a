import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Options } from '../options.ts'
import { load, type Request, type Round } from '../measure/load.ts'
import { reach, openTokens, withOwner, type Reached, type Site } from '../world/database.ts'
import { findUvicorn, guideTables, startGuide, type Guide, type GuideTables } from '../world/guide.ts'
import { serve, type Server } from '../world/program.ts'
import { ensureSites, listSites, someRecords, type Fill } from '../world/seed.ts'

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
  reached: Reached
  sites: Site[]
  records: Map<string, { consultations: string[]; patients: string[] }>
  recorded: Server
  unrecorded: Server
  guide: (Guide & { tables: GuideTables }) | { absent: string }
  /** A token of each agent of these establishments. */
  tokens(sites?: readonly Site[]): Promise<Map<string, string[]>>
  /** How many entries the record of reads has. */
  entries(): Promise<number>
  close(): Promise<void>
}

/** A folder with `count` establishments, made at its first use. */
export async function prepareData(bench: Bench, name: string, count: number, fill: Fill): Promise<string> {
  const dataDir = join(bench.data, name)
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  await withOwner(dataDir, (owner, url) =>
    ensureSites(owner, url, {
      count,
      fill,
      onProgress: (done, of) => done % 100 === 0 && bench.say(`  ${done} of ${of} establishments made`),
    }),
  )
  return dataDir
}

export const unrecordedOptions = `--import ${pathToFileURL(join(import.meta.dirname, '..', 'world', 'unrecorded.mjs')).href}`

/** The servers on a prepared folder. The guide's design only where it is asked for. */
export async function openArena(
  { program, folder, say }: Bench,
  dataDir: string,
  { count, each, guided }: { count: number; each: number; guided: boolean },
): Promise<Arena> {
  const undo: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const end of undo.reverse()) await end()
  }
  try {
    const recorded = await serve({ program, environment: { SIS_DATA_DIR: dataDir } })
    undo.push(recorded.stop)
    const reached = await reach(dataDir)
    const unrecorded = await serve({
      program,
      environment: {
        SIS_DATA_DIR: join(folder, 'unrecorded'),
        DATABASE_URL: reached.apiUrl,
        DATABASE_OWNER_URL: reached.superuserUrl,
        SIS_MASTER_KEY: reached.masterKey.toString('base64'),
        NODE_OPTIONS: unrecordedOptions,
      },
    })
    undo.push(unrecorded.stop)
    const sites = await listSites(reached.superuserUrl, count)
    if (sites.length !== count) throw new Error(`${count} establishments were wanted, ${sites.length} are there`)
    const found = guided ? findUvicorn() : { absent: 'not asked for' }
    let guide: Arena['guide']
    if ('absent' in found) guide = found
    else {
      const tables = await guideTables(reached.superuserUrl, count)
      const running = await startGuide(found.command, tables)
      undo.push(running.stop)
      guide = { ...running, tables }
    }
    if (guided && 'absent' in guide) say(`  the guide's design: ${guide.absent}`)
    const { query } = await import('../world/database.ts')
    return {
      reached,
      sites,
      records: await someRecords(reached.superuserUrl, sites, each),
      recorded,
      unrecorded,
      guide,
      async tokens(of = sites) {
        const issue = await openTokens(reached)
        const all = new Map<string, string[]>()
        for (const site of of) all.set(site.slug, await Promise.all(site.agents.map((agent) => issue(site, agent))))
        return all
      },
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

/** One round of the load against a server of an arena. */
export function roundOn(
  { options, wrk, folder }: Bench,
  arena: Arena,
  server: { url: string; pid: number },
  requests: () => Promise<Request[]>,
  keyed = false,
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
      { wrk, seconds, connections: options.connections, folder },
    )
}
