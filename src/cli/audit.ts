import { InvalidArgumentError, type Command } from 'commander'
import type { Anchors, Verification } from '#tenancy'
import type { Config } from '../config.ts'
import { isPublicKey } from '../shared/ed25519.ts'
import { say, text, type Language, type Text } from '../shared/text.ts'
import { sentenceOf } from './audit-wordings.ts'
import { languageOption } from './doctor.ts'
import { output } from './program.ts'

/** 0: nothing was found. */
const exitCodes = { findings: 1, usage: 2, unreachable: 3 }

type Common = { json?: boolean }
type Wanted = Common & {
  lang: Language
  establishment?: string
  /** false: without any. */
  anchors?: string | false
  publicKey?: string[]
}

/** `sis audit …`: whether the record is as it was sealed; its heads; the key that signs them. */
export function registerAudit(program: Command): void {
  const group = program.command('audit').description('le journal d’audit et ses sceaux')
  group
    .command('verify')
    .description('compare chaque entrée du journal d’audit à ses sceaux, sans rien changer')
    .option('--establishment <identifiant>', 'le journal de cet établissement seulement')
    .option('--anchors <fichier>', 'têtes gardées hors de la base (sans cette option : celles du dossier de données)')
    .option('--no-anchors', 'ne compare pas aux têtes gardées hors de la base')
    .option('--public-key <clé>', 'clé publique qui a signé, donnée par « sis audit key » ; peut être répétée', collect)
    .addOption(languageOption())
    .option('--json', 'résultat en JSON')
    .action((wanted: Wanted) => withExitCodes(() => verify(wanted)))
  group
    .command('heads')
    .description('écrit la dernière tête signée de chaque chaîne, une ligne de JSON chacune, à garder ailleurs')
    .action(() => withExitCodes(heads))
  group
    .command('key')
    .description('montre la clé publique qui vérifie les sceaux, à garder ailleurs')
    .option('--json', 'résultat en JSON')
    .action(({ json }: Common) => withExitCodes(() => showKey(json)))
}

function collect(value: string, before: string[] = []): string[] {
  if (!isPublicKey(value)) throw new InvalidArgumentError('attendu 43 caractères, comme « sis audit key » les donne.')
  return [...before, value]
}

async function withExitCodes(work: () => Promise<void>): Promise<void> {
  const [{ ConfigError }, { Failure }, { sqlState, UnknownEstablishment }] = await Promise.all([
    import('../config.ts'),
    import('../supervisor/failure.ts'),
    import('#tenancy'),
  ])
  try {
    await work().catch((error: unknown) => {
      if (sqlState(error) !== '42P01') throw error
      throw new Failure('Cette base de données n’a pas encore de sceaux : démarrez SIS, ou « npx sis migrate ».')
    })
  } catch (error) {
    const isUsage = error instanceof ConfigError || error instanceof UnknownEstablishment || error instanceof NoKey
    if (!isUsage && !(error instanceof Failure)) throw error
    const lines = error instanceof UnknownEstablishment ? [`Établissement inconnu : ${error.message}`] : error.lines
    process.stderr.write(`${lines.join('\n')}\n`)
    process.exitCode = isUsage ? exitCodes.usage : exitCodes.unreachable
  }
}

class NoKey extends Error {
  readonly lines = ['Il faut la clé qui vérifie les sceaux : SIS_MASTER_KEY, ou --public-key.']
}

async function verify({ lang, json, establishment, anchors, publicKey }: Wanted): Promise<void> {
  const [{ loadConfig }, { readRestored, verifyAudit }, { withReached }, transfer] = await Promise.all([
    import('../config.ts'),
    import('#tenancy'),
    import('./reached.ts'),
    import('../platform/transfer/index.ts'),
  ])
  const config = loadConfig()
  const publicKeys = publicKey ?? [(await keyOf(config)).publicKey]
  const kept = anchors === false ? undefined : await anchorsFor(config, anchors)
  const [result, restored] = await withReached(config, async ({ ownerUrl }) => [
    await verifyAudit({
      url: ownerUrl,
      publicKeys,
      ...(kept && { anchors: kept }),
      ...(establishment !== undefined && { slug: establishment }),
    }),
    await transfer.verifyRestored({ eachRestored: (work, slug) => readRestored(ownerUrl, work, slug) }, establishment),
  ])
  const faults = restored.filter(({ fault }) => fault !== undefined).length
  const whole = { ...result, found: result.found + faults }
  if (whole.found > 0) process.exitCode = exitCodes.findings
  output(
    json,
    { ...asJson(whole, kept), restored },
    [...restored.map(transfer.sentenceOfRestored), ...linesOf(whole, kept, faults)].map((line) => say(line, lang)),
  )
}

async function keyOf(config: Config) {
  const [{ findMasterKey }, { auditKey }] = await Promise.all([
    import('../supervisor/master-key.ts'),
    import('../platform/audit/installation-key.ts'),
  ])
  const masterKey = findMasterKey(config)
  if (!masterKey) throw new NoKey()
  return auditKey(masterKey)
}

/** Read before the database: what is kept was sealed before. */
async function anchorsFor(config: Config, file: string | undefined): Promise<Anchors | undefined> {
  const [{ existsSync }, { headsFilesOf }, { readHeads }, { Failure }] = await Promise.all([
    import('node:fs'),
    import('../supervisor/anchors.ts'),
    import('../supervisor/heads-file.ts'),
    import('../supervisor/failure.ts'),
  ])
  if (file !== undefined && !existsSync(file)) throw new Failure(`Le fichier ${file} n’existe pas.`)
  const files = (file === undefined ? headsFilesOf(config) : [file]).filter((path) => existsSync(path))
  if (files.length === 0) return undefined
  const read = await Promise.all(files.map(readHeads))
  return {
    heads: read.flatMap(({ heads: some }) => some),
    unreadable: read.reduce((sum, { unreadable }) => sum + unreadable, 0),
  }
}

const asJson = ({ findings, names, ...rest }: Verification, anchors: Anchors | undefined) => ({
  intact: rest.found === 0,
  ...rest,
  anchors: anchors?.heads.length ?? null,
  findings: findings.map((finding) => ({
    ...finding,
    establishment: (finding.chain !== undefined && names.get(finding.chain)) || null,
    message: sentenceOf(finding, names).fr,
  })),
})

function linesOf(
  { findings, found, names, ...counts }: Verification,
  anchors: Anchors | undefined,
  faults: number,
): Text[] {
  const { entries, seals, chains } = counts
  const examined = text(
    `Entrées examinées : ${entries} ; sceaux : ${seals} ; chaînes : ${chains} ; têtes gardées hors de la base : ${anchors?.heads.length ?? 0}.`,
    `Entries examined: ${entries}; seals: ${seals}; chains: ${chains}; heads kept outside the database: ${anchors?.heads.length ?? 0}.`,
  )
  const unanchored = text(
    'Attention : sans têtes gardées hors de la base, une fin de chaîne effacée avec ses sceaux ne se voit pas.',
    'Beware: without heads kept outside the database, an end of a chain erased with its seals cannot be seen.',
  )
  const rest = found - faults - findings.length
  return [
    ...findings.map((finding) => sentenceOf(finding, names)),
    ...(rest > 0 ? [text(`… et ${rest} autres constats.`, `… and ${rest} other findings.`)] : []),
    examined,
    ...(anchors ? [] : [unanchored]),
    found === 0
      ? text('Le journal d’audit est intact.', 'The audit record is intact.')
      : text(
          `Le journal d’audit n’est pas intact : ${found} constat(s). Que faire : docs/operations.md.`,
          `The audit record is not intact: ${found} finding(s). What to do: docs/operations.md.`,
        ),
  ]
}

async function heads(): Promise<void> {
  const [{ loadConfig }, { lineOf, readAuditHeads }, { withReached }] = await Promise.all([
    import('../config.ts'),
    import('#tenancy'),
    import('./reached.ts'),
  ])
  const all = await withReached(loadConfig(), ({ ownerUrl }) => readAuditHeads(ownerUrl))
  output(false, undefined, all.map(lineOf))
}

async function showKey(json: boolean | undefined): Promise<void> {
  const { loadConfig } = await import('../config.ts')
  const { kid, publicKey } = await keyOf(loadConfig())
  output(json, { kid, publicKey }, [`Clé publique : ${publicKey}`, `Empreinte : ${kid}`])
}
