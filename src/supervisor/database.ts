import { join } from 'node:path'
import { isPooled, openOwner, SetupRefused, sqlState, type Installation, type Log, type Owner } from '#tenancy'
import { packageRoot, type Config } from '../config.ts'
import { findRunning, hasCluster, startEmbedded } from './embedded.ts'
import { codeOf, Failure } from './failure.ts'
import { randomSecret, readSecret, writeSecret } from './secrets.ts'

/** A database that is set up: its owner's side, and the address at which the pools log in. */
export type Database = Installation & {
  owner: Owner
  /** The API login's address: can do nothing by itself. */
  apiUrl: string
  embedded: boolean
  /** How often the embedded server ended by itself and was started again. */
  restarts(): number
  /** Ends our connections, and the embedded server when we started it. */
  close(how?: 'fast' | 'immediate'): Promise<void>
}

type Options = {
  log: Log
  tell: (line: string) => void
  /** Use the server that another process runs on this data folder instead of starting one. */
  joinRunning?: boolean
  /** For a restore into an empty database: the installation that the backup is of. */
  restoring?: string
}

/**
 * Opens the database of the configuration and sets up its roles: the external one of DATABASE_URL, else the embedded one.
 * @throws Failure with one sentence when it cannot be reached or used
 */
export async function openDatabase(config: Config, options: Options): Promise<Database> {
  const server = await openServer(config, options)
  const owner = openOwner({ url: server.ownerUrl, migrationsFolder: join(packageRoot, 'migrations'), log: options.log })
  const close = async (how?: 'fast' | 'immediate') => {
    await owner.close().catch(() => {})
    await server.stop(how)
  }
  try {
    const login = apiLogin(config)
    const { restoring } = options
    if (restoring !== undefined) await owner.whole.prepare()
    const installation = await owner.bootstrap({ ...login, ...(restoring !== undefined && { restoring }) })
    // Only now: a refused one must not pass for the right one at the next start.
    if (login.isNewPassword) writeSecret(passwordIn(config.dataDir), login.apiPassword)
    const apiUrl = withLogin(config.databaseUrl ?? server.ownerUrl, installation.apiRole, login.apiPassword)
    const embedded = config.databaseUrl === undefined
    // Without an answer: whoever needs that address says what is wrong with it.
    if (!embedded && config.pooler === 'none' && (await isPooled(apiUrl).catch(() => false))) throw new Failure(untold)
    return { ...installation, owner, apiUrl, embedded, restarts: server.restarts, close }
  } catch (error) {
    await close()
    throw explainDatabase(error, server.ownerUrl)
  }
}

// Statements that one connection names would be met by another one's.
const untold =
  'DATABASE_URL mène à PgBouncer ou à un programme semblable, et non à PostgreSQL : donnez SIS_POOLER=transaction.'

/** The addresses of a database as it is. */
export type Reached = {
  ownerUrl: string
  /** The login of the pools, where somebody else made it. */
  apiRole?: string
  /** The pools' address; absent where their password is nowhere. */
  apiUrl?: (role: string) => string
  /** Ends the embedded server when we started it. */
  stop(): Promise<void>
}

/**
 * Finds the database of the configuration without setting anything up, or making one; an embedded one that does not run is
 * started. @throws Failure when there is none
 */
export async function reachDatabase(config: Config, options: Omit<Options, 'log'>): Promise<Reached> {
  if (!config.databaseUrl && !hasCluster(config.dataDir))
    throw new Failure(`Il n’y a pas encore de base de données dans ${config.dataDir} : démarrez SIS une fois.`)
  const { isNewPassword, apiPassword, apiRole } = apiLogin(config)
  const { ownerUrl, stop } = await openServer(config, options)
  return {
    ownerUrl,
    stop,
    ...(apiRole !== undefined && { apiRole }),
    ...(!isNewPassword && { apiUrl: (role) => withLogin(config.databaseUrl ?? ownerUrl, role, apiPassword) }),
  }
}

type Server = { ownerUrl: string; restarts(): number; stop(how?: 'fast' | 'immediate'): Promise<void> }

async function openServer(config: Config, { tell, joinRunning }: Omit<Options, 'log'>): Promise<Server> {
  if (config.databaseUrl)
    return { ownerUrl: config.databaseOwnerUrl ?? config.databaseUrl, stop: async () => {}, restarts: () => 0 }
  if (joinRunning) {
    const url = findRunning(config.dataDir)
    if (!url) throw new Failure('La base de données de ce dossier ne répond pas encore : réessayez dans un instant.')
    return { ownerUrl: url, stop: async () => {}, restarts: () => 0 }
  }
  const { url, stop, restarts } = await startEmbedded(config.dataDir, tell)
  return { ownerUrl: url, stop, restarts }
}

const passwordIn = (dataDir: string): string => join(dataDir, 'api-password')

/** With both addresses, DATABASE_URL names the login of the pools; else it is made, its password kept in the data folder. */
function apiLogin(config: Config): { apiRole?: string; apiPassword: string; isNewPassword?: boolean } {
  if (!config.databaseUrl || !config.databaseOwnerUrl) {
    const stored = readSecret(passwordIn(config.dataDir))
    return stored ? { apiPassword: stored } : { apiPassword: randomSecret(), isNewPassword: true }
  }
  const { username, password } = new URL(config.databaseUrl)
  if (!username || !password) throw new Failure('DATABASE_URL doit donner un utilisateur et son mot de passe.')
  return { apiRole: decodeURIComponent(username), apiPassword: decodeURIComponent(password) }
}

function withLogin(url: string, user: string, password: string): string {
  const address = new URL(url)
  // An address without a host (a socket named in ?host=) has no place for a login but its parameters.
  if (!address.hostname) {
    address.searchParams.set('user', user)
    address.searchParams.set('password', password)
  } else {
    address.username = encodeURIComponent(user)
    address.password = encodeURIComponent(password)
  }
  return address.toString()
}

const sentences: Record<string, string> = {
  ECONNREFUSED: 'aucun PostgreSQL ne répond à cette adresse',
  ECONNRESET: 'la connexion a été coupée',
  ETIMEDOUT: 'aucune réponse dans le délai',
  EHOSTUNREACH: 'cette machine est injoignable',
  ENETUNREACH: 'cette machine est injoignable',
  ENOTFOUND: 'ce nom de machine est inconnu',
  EAI_AGAIN: 'ce nom de machine ne peut pas être résolu',
  ENOENT: 'aucun PostgreSQL ne répond à cette adresse',
  '28P01': 'l’utilisateur ou le mot de passe est refusé',
  '28000': 'cet utilisateur n’a pas le droit de se connecter',
  '3D000': 'cette base de données n’existe pas',
  '42501':
    'cet utilisateur n’a pas les droits nécessaires (il doit être superutilisateur, ou posséder la base et pouvoir créer des rôles)',
  '53100': 'le disque de ce PostgreSQL est plein',
  '53300': 'ce PostgreSQL a déjà trop de connexions',
  '57P03': 'ce PostgreSQL est en train de démarrer ou de s’arrêter',
}

// What the driver and the TLS library say in words.
const unnumbered: [RegExp, string | undefined][] = [
  [/timeout/i, sentences['ETIMEDOUT']],
  [/does not support SSL/, 'ce PostgreSQL ne chiffre pas ses connexions (sslmode)'],
  [
    /CERT|ALTNAME|self.signed/i,
    'le certificat de ce PostgreSQL n’est pas reconnu (sslmode, sslrootcert, NODE_EXTRA_CA_CERTS)',
  ],
  [/Connection terminated/, sentences['ECONNRESET']],
]

/** One sentence for a failure of the database, without its password. Anything unknown passes as it is. */
export function explainDatabase(error: unknown, url: string): unknown {
  if (error instanceof Failure) return error
  const { hostname, port, pathname } = new URL(url)
  const where = `${hostname || 'localhost'}${port && `:${port}`}${pathname}`
  if (error instanceof SetupRefused) return new Failure(`Base de données ${where} : ${error.message}`, { cause: error })
  const first = (error as AggregateError).errors?.[0] ?? error
  const sentence =
    sentences[sqlState(first) ?? codeOf(first) ?? ''] ??
    unnumbered.find(([pattern]) => pattern.test(`${codeOf(first)} ${String(first)}`))?.[1]
  return sentence ? new Failure(`Base de données ${where} : ${sentence}.`, { cause: error }) : error
}
