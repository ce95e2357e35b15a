import { availableParallelism } from 'node:os'
import { isIP } from 'node:net'
import { dirname, extname, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Type, type Static, type TSchema } from 'typebox'
import { Value } from 'typebox/value'

// This file lies in src/, or in a part of dist/ itself: one level below the package.
const here = fileURLToPath(import.meta.url)

/** The folder of the package: migrations, the default data folder. */
export const packageRoot = dirname(dirname(here))

/** The program of an HTTP process. */
export const serverProgram = join(dirname(here), `server${extname(here)}`)

type Annotation = { variable: string; expected: string; secret?: boolean; list?: boolean }

/** A setting: the variable it comes from and, in French, what is expected there. */
const setting = <S extends TSchema>(schema: S, annotation: Annotation): S => Object.assign(schema, { annotation })

const isCidr = (value: string): boolean => {
  const [address = '', bits, ...rest] = value.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}

const isOrigin = (value: string): boolean =>
  /^https?:/.test(value) && URL.canParse(value) && new URL(value).origin === value

const isAnchor = (value: string): boolean => isAbsolute(value) || (/^https?:\/\//.test(value) && URL.canParse(value))

const isDatabaseUrl = (value: string): boolean =>
  /^postgres(ql)?:\/\//.test(value) && URL.canParse(value) && new URL(value).pathname.length > 1

/** Reads 32 bytes written as 64 hexadecimal digits or in base64; undefined when it is neither. */
export function parseMasterKey(value: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/i.test(value)) return Buffer.from(value, 'hex')
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(value)) return undefined
  const bytes = Buffer.from(value, 'base64')
  return bytes.length === 32 ? bytes : undefined
}

/** The greatest SIS_RATE_IN_FLIGHT: no load is refused, as a measurement of what refusing is good for needs it. */
export const unboundedInFlight = 100_000

const databaseUrl = () => Type.Refine(Type.String({ maxLength: 2000 }), isDatabaseUrl)
const perMinute = (count: number) => Type.Integer({ minimum: 1, maximum: 1_000_000, default: count })
const atOnce = (count: number) => Type.Integer({ minimum: 1, maximum: unboundedInFlight, default: count })

const Settings = Type.Object({
  port: setting(Type.Integer({ minimum: 0, maximum: 65_535, default: 8000 }), {
    variable: 'PORT',
    expected: 'un nombre entier de 1 à 65535, ou 0 pour un port libre',
  }),
  host: setting(Type.String({ pattern: '^[A-Za-z0-9.:_-]{1,253}$', default: 'localhost' }), {
    variable: 'HOST',
    expected: 'un nom de machine ou une adresse IP, par exemple localhost ou 0.0.0.0',
  }),
  databaseUrl: setting(Type.Optional(databaseUrl()), {
    variable: 'DATABASE_URL',
    expected: 'postgres://utilisateur:motdepasse@machine:5432/base',
    secret: true,
  }),
  databaseOwnerUrl: setting(Type.Optional(databaseUrl()), {
    variable: 'DATABASE_OWNER_URL',
    expected: 'postgres://proprietaire:motdepasse@machine:5432/base',
    secret: true,
  }),
  pooler: setting(Type.Enum(['none', 'transaction'], { default: 'none' }), {
    variable: 'SIS_POOLER',
    expected: 'none, ou transaction quand DATABASE_URL mène à PgBouncer en mode transaction',
  }),
  dbMemoryMb: setting(Type.Integer({ minimum: 128, maximum: 1_000_000, default: 2048 }), {
    variable: 'SIS_DB_MEMORY_MB',
    expected:
      'un nombre entier de 128 à 1000000 (mégaoctets que les connexions de tous les processus HTTP prennent ensemble dans PostgreSQL)',
  }),
  dataDir: setting(Type.String({ minLength: 1, maxLength: 1000, default: join(packageRoot, 'data') }), {
    variable: 'SIS_DATA_DIR',
    expected: 'le chemin d’un dossier',
  }),
  masterKey: setting(Type.Optional(Type.Refine(Type.String(), (value) => parseMasterKey(value) !== undefined)), {
    variable: 'SIS_MASTER_KEY',
    expected:
      '32 octets en hexadécimal (64 chiffres) ou en base64, par exemple le résultat de « openssl rand -base64 32 »',
    secret: true,
  }),
  auditAnchor: setting(Type.Optional(Type.Refine(Type.String({ maxLength: 2000 }), isAnchor)), {
    variable: 'SIS_AUDIT_ANCHOR',
    expected: 'le chemin absolu d’un fichier, ou une adresse https://… qui reçoit les têtes du journal d’audit',
    // An address may carry a password.
    secret: true,
  }),
  demo: setting(Type.Optional(Type.Union([Type.Literal('on'), Type.Literal('off')])), {
    variable: 'SIS_DEMO',
    expected: 'on ou off',
  }),
  demoPassword: setting(Type.Optional(Type.String({ minLength: 8, maxLength: 256 })), {
    variable: 'SIS_DEMO_PASSWORD',
    expected: 'un mot de passe de 8 à 256 caractères',
    secret: true,
  }),
  workers: setting(Type.Integer({ minimum: 1, maximum: 64, default: Math.min(2, availableParallelism()) }), {
    variable: 'SIS_WORKERS',
    expected: 'un nombre entier de 1 à 64',
  }),
  corsOrigins: setting(
    Type.Array(Type.Refine(Type.String({ maxLength: 300 }), isOrigin), { maxItems: 50, default: [] }),
    {
      variable: 'SIS_CORS_ORIGINS',
      expected: 'des origines exactes séparées par des virgules, par exemple https://sis.exemple.ml',
      list: true,
    },
  ),
  trustProxy: setting(Type.Array(Type.Refine(Type.String({ maxLength: 50 }), isCidr), { maxItems: 50, default: [] }), {
    variable: 'SIS_TRUST_PROXY',
    expected: 'les adresses des mandataires (proxies) séparées par des virgules, par exemple 10.0.0.0/8',
    list: true,
  }),
  rateLogin: setting(perMinute(300), {
    variable: 'SIS_RATE_LOGIN',
    expected: 'un nombre entier de 1 à 1000000 (essais de connexion par minute et par adresse)',
  }),
  rateRequests: setting(perMinute(6000), {
    variable: 'SIS_RATE_REQUESTS',
    expected: 'un nombre entier de 1 à 1000000 (requêtes par minute et par utilisateur)',
  }),
  rateEstablishment: setting(perMinute(30000), {
    variable: 'SIS_RATE_ESTABLISHMENT',
    expected: 'un nombre entier de 1 à 1000000 (requêtes par minute et par établissement)',
  }),
  rateUserInFlight: setting(atOnce(32), {
    variable: 'SIS_RATE_USER_IN_FLIGHT',
    expected: 'un nombre entier de 1 à 100000 (requêtes simultanées d’un utilisateur)',
  }),
  rateEstablishmentInFlight: setting(atOnce(64), {
    variable: 'SIS_RATE_ESTABLISHMENT_IN_FLIGHT',
    expected: 'un nombre entier de 1 à 100000 (requêtes simultanées d’un établissement)',
  }),
  rateInFlight: setting(atOnce(64), {
    variable: 'SIS_RATE_IN_FLIGHT',
    expected: 'un nombre entier de 1 à 100000 (requêtes simultanées d’un processus HTTP)',
  }),
  metricsPort: setting(Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535 })), {
    variable: 'SIS_METRICS_PORT',
    expected: 'un nombre entier de 1 à 65535, ou 0 pour un port libre (mesures, sur la boucle locale)',
  }),
  slowMs: setting(Type.Integer({ minimum: 0, maximum: 600_000, default: 1000 }), {
    variable: 'SIS_SLOW_MS',
    expected: 'un nombre entier de 0 à 600000 (millisecondes ; 0 : aucune requête lente n’est notée)',
  }),
  logLevel: setting(Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], { default: 'warn' }), {
    variable: 'LOG_LEVEL',
    expected: 'trace, debug, info, warn, error, fatal ou silent',
  }),
})

/** Everything that can be set from outside; docs/operations.md describes each variable. */
export type Config = Readonly<Static<typeof Settings>> & { readonly production: boolean }

/** The settings that bound what is asked of one HTTP process. */
export type RateSetting = Extract<keyof Config, `rate${string}`>

/** Settings that are not what they should be, one French line each. No secret's value is repeated. */
export class ConfigError extends Error {
  readonly lines: string[]

  constructor(lines: string[]) {
    super(lines.join('\n'))
    this.name = 'ConfigError'
    this.lines = lines
  }
}

/**
 * The settings of this process, from its environment. An empty variable counts as absent.
 * @throws ConfigError that names every wrong variable at once
 */
export function loadConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const production = environment['NODE_ENV'] === 'production'
  const lines: string[] = []
  const values: Record<string, unknown> = { production }
  for (const [name, schema] of Object.entries<TSchema>(Settings.properties)) {
    const { annotation, ...rest } = schema as TSchema & { annotation: Annotation; default?: unknown }
    const raw = environment[annotation.variable]?.trim()
    if (!raw) {
      if (rest.default !== undefined) values[name] = rest.default
      continue
    }
    const value = read(raw, schema, annotation)
    if (Value.Check(schema, value)) values[name] = value
    else
      lines.push(
        `${annotation.variable}${annotation.secret ? '' : `=${raw.slice(0, 60)}`} : attendu ${annotation.expected}.`,
      )
  }
  if (values['databaseOwnerUrl'] && !values['databaseUrl']) {
    lines.push('DATABASE_OWNER_URL est donné sans DATABASE_URL : donnez les deux, ou DATABASE_URL seul.')
  }
  const { port, metricsPort } = values as Partial<Config>
  if (metricsPort && metricsPort === port)
    lines.push(`SIS_METRICS_PORT=${metricsPort} : ce port est celui de PORT ; choisissez-en un autre.`)
  if (lines.length > 0) throw new ConfigError(lines)
  // One journal line per request is what an operator wants, and what a first try does not.
  if (production && !environment['LOG_LEVEL']) values['logLevel'] = 'info'
  values['dataDir'] = resolve(values['dataDir'] as string)
  return Object.freeze(values as Config)
}

function read(raw: string, schema: TSchema, { list }: Annotation): unknown {
  if (list) return raw.split(',').map((part) => part.trim()).filter(Boolean) // prettier-ignore
  return 'type' in schema && schema.type === 'integer' && /^\d{1,9}$/.test(raw) ? Number(raw) : raw
}

// What Node and the system's libraries need; everything else, secrets first, stays with the supervisor.
const inherited = [
  'PATH',
  'HOME',
  'TMPDIR',
  'LANG',
  'TZ',
  'NODE_ENV',
  'NODE_OPTIONS',
  'NODE_EXTRA_CA_CERTS',
  'NODE_V8_COVERAGE',
]

/** The environment of an HTTP process: every other variable is removed (`undefined` removes it in child_process). */
export function workerEnvironment(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, inherited.includes(name) ? value : undefined]),
  )
}
