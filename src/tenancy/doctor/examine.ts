import { join } from 'node:path'
import { text } from '../../shared/text.ts'
import { readMigrations } from '../owner/migrations.ts'
import { listPrepared } from '../owner/prepared.ts'
import { lookAtAudit } from './audit.ts'
import { lookAtBackups } from './backups.ts'
import { lookAtClosed } from './closed.ts'
import { listTenants, lookAtDirectory } from './directory.ts'
import type { Check, Findings, SeenTenant, Site } from './finding.ts'
import { lookAtKeys, type Opens } from './keys.ts'
import { lookAt, type Look } from './look.ts'
import { lookAtRights } from './rights.ts'
import { lookAtRoles } from './roles.ts'
import { lookAtLogin, lookAtServer, lookAtWay, readSettings, type Load } from './server.ts'
import { wordings } from './wordings.ts'

export type ExamineOptions = {
  /** The owner's or a superuser's address. */
  url: string
  /** The address and role of the pools; without an address their password is not known here. */
  login: { url?: (role: string) => string; role?: string }
  migrationsFolder: string
  load: Omit<Load, 'isPooled'>
  /** Whether this program was told that PgBouncer stands in between (SIS_POOLER). */
  pooler: boolean
  opensKey: Opens
  /** This machine's clock. */
  now: () => Date
}

/**
 * Reads the live database and says of every invariant whether it holds there. Changes nothing: all in READ ONLY
 * transactions, a fixed number of statements however many establishments there are.
 * @throws the driver's error when the owner's address cannot be reached or used
 */
export async function examine(options: ExamineOptions): Promise<Check[]> {
  return lookAt(options.url, async (look) => {
    const site = await findSite(look, options)
    if (!site) return [checkOf('installation', ['sis_platform ∄'])]
    const secondsApart = await clockDifference(look, options.now)
    const { login, settings, ways } = await lookAsLogin(site, options)
    const findings: Findings = {
      installation: [],
      ...(await lookAtServer(site, settings, { ...options.load, isPooled: ways.some(({ isPooled }) => isPooled) })),
      ...lookAtWay(look.way, ways, options.pooler, secondsApart),
      ...login,
      ...(await lookAtRoles(site)),
      ...(await lookAtRights(site)),
      ...(await lookAtClosed(site)),
      ...(await lookAtDirectory(site)),
      ...(await lookAtKeys(site, options.opensKey)),
      ...(await lookAtAudit(site)),
      ...(await lookAtBackups(site)),
    }
    return Object.keys(wordings).map((id) => checkOf(id as keyof typeof wordings, findings[id], site.tenants))
  })
}

const shown = 5

/** An id without findings was not looked at, which must not pass for healthy. */
function checkOf(id: keyof typeof wordings, names: string[] | undefined, tenants: SeenTenant[] = []): Check {
  if (!names) throw new Error(`the check ${id} was not made`)
  const { level, ok, bad, remedy } = wordings[id]
  if (names.length === 0) return { id, level: 'ok', found: ok }
  const all = [...new Set(names)]
  const some = all.slice(0, shown)
  const rest = all.length - shown
  const slugs = tenants
    .filter(({ schema }) => some.some((name) => name.includes(schema)))
    .map(({ slug, schema }) => `${schema} = ${slug}`)
  const list = [...some, ...(rest > 0 ? [rest >= many ? '…' : `… + ${rest}`] : []), ...slugs]
  return { id, level, found: text(`${bad.fr} (${list.join(' ; ')}).`, `${bad.en} (${list.join('; ')}).`), remedy }
}

// The queries stop at fifty.
const many = 50 - shown

async function findSite(look: Look, { login, migrationsFolder }: ExamineOptions): Promise<Site | undefined> {
  const [found] = await look.query<{ version: number; installed: boolean }>(
    `select current_setting('server_version_num')::int / 10000 as version,
       to_regclass('sis_platform.installation') is not null and to_regclass('sis_platform.tenant_migration') is not null as installed`,
  )
  if (!found?.installed) return undefined
  const [row] = await look.query<{ installation: string; owner: string }>(
    `select i.id as installation, coalesce((select rolname from pg_roles where rolname = 'sis_' || i.id || '_owner'),
       (select pg_get_userbyid(nspowner) from pg_namespace where nspname = 'sis_platform')) as owner
     from sis_platform.installation i`,
  )
  if (!row) return undefined
  return {
    look,
    ...row,
    version: found.version,
    apiRole: login.role ?? `sis_${row.installation}_api`,
    platformMigrations: await readMigrations(join(migrationsFolder, 'platform')),
    tenantMigrations: await readMigrations(join(migrationsFolder, 'tenant')),
    tenants: await listTenants(look),
    prepared: await listPrepared(look),
  }
}

/** Half of the way there and back is taken off. @returns seconds between this machine's clock and the server's */
async function clockDifference(look: Look, now: () => Date): Promise<number> {
  const before = now().getTime()
  const [row] = await look.query<{ ms: number }>('select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms')
  return Math.abs((row?.ms ?? 0) - (before + now().getTime()) / 2) / 1000
}

type AsLogin = { login: Findings; settings: Map<string, string>; ways: Look['way'][] }

/** What the pools themselves get; where they cannot log in, the owner's settings stand for theirs. */
async function lookAsLogin(site: Site, { login }: ExamineOptions): Promise<AsLogin> {
  const { look, apiRole, version } = site
  const read = async (as: Look, refused: string[], ways: Look['way'][]): Promise<AsLogin> => {
    const settings = await readSettings(as, version)
    const limits = refused.length > 0 ? { login_limits: [] } : await lookAtLogin(as, settings, version)
    return { login: { login_works: refused, ...limits }, settings, ways }
  }
  if (!login.url) return read(look, [`${apiRole}: ?`], [])
  try {
    return await lookAt(login.url(apiRole), (asLogin) => read(asLogin, [], [asLogin.way]))
  } catch (error) {
    return read(look, [`${apiRole}: ${(error as { code?: string }).code ?? 'connection'}`], [])
  }
}
