import { Option, type Command } from 'commander'
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import type { Tenant } from '#tenancy'
import type { ImportReport, AnyRegister } from '../modules/exchange/index.ts'
import { output } from './program.ts'

/** Lines were refused; the others were stored. */
const someRefused = 3

type Options = {
  establishment: string
  register?: string
  dryRun?: boolean
  yes?: boolean
  json?: boolean
  refused?: string
}

/** `sis import`: a register into an establishment, after a dry run and a question. */
export const registerImport =
  (registers: readonly AnyRegister[]) =>
  (program: Command): void => {
    program
      .command('import')
      .description(`importe un registre ou une liste (CSV) dans un établissement : ${registers.map(nameOf).join(', ')}`)
      .argument('<fichier>', 'le registre : CSV d’un tableur, en-têtes en français')
      .requiredOption('--establishment <identifiant>', 'l’établissement, par exemple csref_djenne')
      .addOption(
        new Option('--register <registre>', 'de quel registre il s’agit, si ses titres ne le disent pas').choices(
          registers.map(({ name }) => name),
        ),
      )
      .option('--dry-run', 'montre ce qui serait enregistré, n’enregistre rien')
      .option('--yes', 'enregistre sans demander')
      .option('--refused <fichier>', 'où écrire les lignes refusées (sinon à côté du registre, « .refused.csv »)')
      .option('--json', 'résultat en JSON')
      .addHelpText(
        'after',
        '\nCode de sortie : 0 tout est enregistré (ou le serait), 3 des lignes sont refusées, 1 échec ou rien d’enregistré, 2 commande mal écrite.',
      )
      .action(async (file: string, options: Options) => {
        const report = await importFile(file, registers, options)
        if (report.refusedLines > 0) process.exitCode ??= someRefused
      })
  }

/** What its records are called. */
const nameOf = (register: AnyRegister): string => register.export.sheet.toLowerCase()

async function importFile(
  file: string,
  registers: readonly AnyRegister[],
  { establishment, register: named, dryRun = false, yes = false, json, refused }: Options,
): Promise<ImportReport> {
  const { MAX_BYTES, listRefused, MAX_LISTED, readRegister, shownTo, storeRegister, toReport } =
    await import('../modules/exchange/index.ts')
  const { today } = await import('../shared/clock.ts')
  const { inEstablishment } = await import('./in-establishment.ts')
  const { progressBar } = await import('./progress.ts')
  const register = await readRegister(readBytes(file, MAX_BYTES), file, today(), registers, {
    ...(named !== undefined && { named }),
  })
  const what = nameOf(register.register)
  return inEstablishment(establishment, async (tenant, actor) => {
    const store = async (isTrial: boolean): Promise<ImportReport> => {
      const { run, alreadyImported } = await storeRegister(tenant, actor, register, isTrial, progressBar('Lignes'))
      const lines = await tenant.read((db) => listRefused(db, run.id, 0, MAX_LISTED))
      const shown = await tenant.read((db) => shownTo(db, actor, run))
      return { ...toReport(shown, lines, 'fr'), ...(alreadyImported && { alreadyImported: true as const }) }
    }
    let report = await store(dryRun || !yes)
    let told = false
    if (!dryRun && !yes) {
      process.stderr.write(
        summaryOf(report, what)
          .map((line) => `${line}\n`)
          .join(''),
      )
      if (await agrees()) report = await store(false)
      else told = true
    }
    const written =
      report.refusedLines > 0
        ? await writeRefused(tenant, report.id, refused ?? file, refused !== undefined)
        : undefined
    const where = written ? [`Lignes refusées, à corriger et à importer de nouveau : ${written}`] : []
    output(
      json,
      { ...report, ...(written && { refusedFile: written }) },
      told ? where : [...summaryOf(report, what), ...where],
    )
    return report
  })
}

function readBytes(file: string, most: number): Buffer {
  try {
    const bytes = readFileSync(file)
    // One more than allowed says enough; the reading of the register refuses it.
    return bytes.subarray(0, most + 1)
  } catch (error) {
    throw failure(`Impossible de lire ${file} : ${reasonOf(error)}.`, error)
  }
}

const reasons: Record<string, string> = {
  ENOENT: 'ce fichier n’existe pas',
  EISDIR: 'c’est un dossier',
  EACCES: 'l’accès est refusé',
}
const reasonOf = (error: unknown): string =>
  reasons[(error as { code?: string }).code ?? ''] ?? (error as Error).message
const failure = (line: string, cause: unknown): Error => Object.assign(new Error(line, { cause }), { lines: [line] })

/** Asks the person at the terminal; a script must say --yes. A refusal is told and is the exit code. */
async function agrees(): Promise<boolean> {
  if (process.stdin.isTTY) {
    const terminal = createInterface({ input: process.stdin, output: process.stderr })
    const answer = await terminal.question('Enregistrer ? (oui/non) ')
    terminal.close()
    if (/^(o|oui|y|yes)$/i.test(answer.trim())) return true
    process.stderr.write('Rien n’a été enregistré.\n')
  } else process.stderr.write('Rien n’a été enregistré : pour enregistrer sans question, ajoutez --yes.\n')
  process.exitCode = 1
  return false
}

const shown = 20

/** A report as lines for a person. @param what its records are called */
function summaryOf(report: ImportReport, what: string): string[] {
  const {
    dryRun,
    alreadyImported,
    stored,
    changed,
    lines,
    duplicates,
    matchedPatients,
    proposedMatches,
    refusedLines,
    warningCount,
  } = report
  const title = alreadyImported
    ? `Ce fichier a déjà été importé le ${report.createdAt.slice(0, 10).split('-').reverse().join('/')} : rien de plus n’est enregistré. Rapport d’alors :`
    : dryRun
      ? 'Essai : rien n’est enregistré. Seraient enregistrés :'
      : 'Enregistrés :'
  const notes = (list: ImportReport['refused'], count: number): string[] => [
    ...list
      .slice(0, shown)
      .map(({ line, column, message }) => `  ligne ${line}${column === null ? '' : `, ${column}`} : ${message}`),
    ...(count > shown ? [`  … et ${count - shown} autres`] : []),
  ]
  const created = (title: string, names: readonly string[]): string[] =>
    names.length > 0 ? [`  ${title} : ${names.slice(0, shown).join(', ')}${names.length > shown ? '…' : ''}`] : []
  return [
    title,
    ...(changed === undefined
      ? [
          `  ${stored[report.register]} ${what}, ${stored.patients} nouveaux patients (${lines} lignes lues)`,
          `  ${matchedPatients} lignes de patients déjà connus ; ${proposedMatches} nouveaux dossiers à rapprocher d’un dossier existant`,
        ]
      : [`  ${stored[report.register]} ${what}, dont ${changed} déjà là et modifiés (${lines} lignes lues)`]),
    ...(duplicates > 0 ? [`  déjà là, laissées de côté : ${duplicates}`] : []),
    ...created('nouveaux services', report.created.services),
    ...created('nouvelles spécialités', report.created.specialties),
    ...created('nouveaux lits', report.created.beds),
    ...(warningCount > 0 ? [`Avertissements (${warningCount}) :`, ...notes(report.warnings, warningCount)] : []),
    ...(refusedLines > 0 ? [`Lignes refusées (${refusedLines}) :`, ...notes(report.refused, refusedLines)] : []),
  ]
}

/** The refused lines in a file of their own, never over another: it may hold corrections. @returns its path */
async function writeRefused(tenant: Tenant, importId: string, path: string, isChosen: boolean): Promise<string> {
  const { getRun, refusedFile } = await import('../modules/exchange/index.ts')
  const { descriptor, file } = openNew(path, isChosen)
  try {
    const run = await tenant.read((db) => getRun(db, importId))
    for await (const piece of refusedFile(tenant.read, run, 'fr')) writeSync(descriptor, piece)
  } finally {
    closeSync(descriptor)
  }
  return file
}

// 0600: these are lines of a register.
function openNew(path: string, isChosen: boolean): { descriptor: number; file: string } {
  for (let n = 1; ; n++) {
    const file = isChosen ? path : `${path}.refused${n === 1 ? '' : `-${n}`}.csv`
    try {
      return { descriptor: openSync(file, 'wx', 0o600), file }
    } catch (error) {
      const exists = (error as { code?: string }).code === 'EEXIST'
      if (exists && !isChosen && n < 100) continue
      throw failure(`Impossible d’écrire ${file} : ${exists ? 'ce fichier existe déjà' : reasonOf(error)}.`, error)
    }
  }
}
