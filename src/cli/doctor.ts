import { InvalidArgumentError, Option, type Command } from 'commander'
import type { Check } from '#tenancy'
import type { Config } from '../config.ts'
import type { Reached } from '../supervisor/database.ts'
import { say, text, type Language } from '../shared/text.ts'
import { output } from './program.ts'

/** 0: no critical finding. */
const exitCodes = { critical: 1, usage: 2, unreachable: 3 }

/** `sis doctor`: reads the live database, changes nothing, says what holds. */
export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('examine la base de données, sans rien y changer, et dit ce qui ne va pas')
    .addOption(languageOption())
    .option('--json', 'résultat en JSON')
    .action(run)
}

export const languageOption = (): Option =>
  new Option('--lang <langue>', 'langue des phrases : fr ou en').default('fr').argParser(languageOf)

function languageOf(value: string): Language {
  if (value === 'fr' || value === 'en') return value
  throw new InvalidArgumentError('attendu fr ou en.')
}

async function run({ lang, json }: { lang: Language; json?: boolean }): Promise<void> {
  const [{ ConfigError, loadConfig }, { Failure }] = await Promise.all([
    import('../config.ts'),
    import('../supervisor/failure.ts'),
  ])
  let checks: Check[]
  try {
    checks = await look(loadConfig())
  } catch (error) {
    if (error instanceof ConfigError) {
      process.stderr.write(`${error.lines.join('\n')}\n`)
      process.exitCode = exitCodes.usage
      return
    }
    if (!(error instanceof Failure)) throw error
    checks = [unreachable(error.lines.join(' '))]
    process.exitCode = exitCodes.unreachable
  }
  const healthy = checks.every(({ level }) => level !== 'critical')
  if (!healthy) process.exitCode ??= exitCodes.critical
  output(json, { healthy, checks: checks.map((check) => inLanguage(check, lang)) }, linesOf(checks, lang))
}

async function look(config: Config): Promise<Check[]> {
  const { withReached } = await import('./reached.ts')
  return withReached(config, (reached) => examineReached(config, reached))
}

/** What `sis doctor` says of a database that was found. */
export async function examineReached(config: Config, reached: Reached): Promise<Check[]> {
  const [{ join }, { packageRoot }, { examine }, keys, messages, sealing] = await Promise.all([
    import('node:path'),
    import('../config.ts'),
    import('#tenancy'),
    import('../supervisor/master-key.ts'),
    import('../supervisor/messages.ts'),
    import('../platform/auth/sealing.ts'),
  ])
  const masterKey = keys.findMasterKey(config)
  return examine({
    url: reached.ownerUrl,
    login: {
      ...(reached.apiUrl && { url: reached.apiUrl }),
      ...(reached.apiRole !== undefined && { role: reached.apiRole }),
    },
    migrationsFolder: join(packageRoot, 'migrations'),
    load: { workers: config.workers, connectionsEach: messages.poolSizeFor(config.workers) + messages.ownConnections },
    pooler: config.pooler !== 'none',
    opensKey: masterKey && ((key) => opens(sealing.unseal, masterKey, key)),
    now: () => new Date(),
  })
}

type Unseal = (key: Uint8Array, sealed: Uint8Array, context: string) => unknown

function opens(unseal: Unseal, masterKey: Buffer, { kid, private_key }: { kid: string; private_key: Buffer }): boolean {
  try {
    unseal(masterKey, private_key, kid)
    return true
  } catch {
    return false
  }
}

const unreachable = (reason: string): Check => ({
  id: 'reachable',
  level: 'critical',
  found: text(reason, `The database cannot be examined: ${reason}`),
  remedy: text(
    'Corrigez ce que dit cette phrase, puis recommencez : rien n’a été examiné.',
    'Correct what this sentence says, then try again: nothing was examined.',
  ),
})

const inLanguage = ({ id, level, found, remedy }: Check, language: Language) => ({
  id,
  level,
  found: say(found, language),
  remedy: remedy ? say(remedy, language) : null,
})

const levels = {
  ok: text('en ordre  ', 'ok      '),
  warning: text('attention ', 'warning '),
  critical: text('CRITIQUE  ', 'CRITICAL'),
}

/** What is in order in one line each, then what is not, with what to do: the end is what stays on the screen. */
function linesOf(checks: Check[], language: Language): string[] {
  const severity = { ok: 0, warning: 1, critical: 2 }
  const sorted = checks.toSorted((a, b) => severity[a.level] - severity[b.level])
  const lines = sorted.flatMap(({ id, level, found, remedy }) => [
    `${say(levels[level], language)} ${say(found, language)}${level === 'ok' ? '' : ` [${id}]`}`,
    ...(remedy ? [`           → ${say(remedy, language)}`] : []),
  ])
  return [...lines, say(summary(checks), language)]
}

function summary(checks: Check[]): typeof levels.ok {
  const count = (wanted: Check['level']): number => checks.filter(({ level }) => level === wanted).length
  const [critical, warning] = [count('critical'), count('warning')]
  if (critical + warning === 0)
    return text(
      `Tout est en ordre : ${checks.length} points examinés.`,
      `All is well: ${checks.length} points examined.`,
    )
  return text(
    `Points examinés : ${checks.length} ; critiques : ${critical} ; avertissements : ${warning}.`,
    `Points examined: ${checks.length}; critical: ${critical}; warnings: ${warning}.`,
  )
}
