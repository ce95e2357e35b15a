import { Command, CommanderError } from 'commander'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../config.ts'
import { say } from '../shared/text.ts'
import { Problem } from '../shared/errors.ts'
import { errorCatalogue } from '../shared/error-catalogue.ts'
import { linesOf } from '../supervisor/failure.ts'

/** 0: done. 1: it failed, and why is on the error output. 2: the command was not written as it should be. */
const exitCodes = { failure: 1, usage: 2 }

/** Adds one group of commands. */
export type Register = (program: Command) => void

const translations: [RegExp, string][] = [
  [/^error: unknown option '(.+)'/, 'option inconnue : $1'],
  [/^error: unknown command '(.+)'/, 'commande inconnue : $1'],
  [/^error: missing required argument '(.+)'/, 'argument manquant : $1'],
  [/^error: required option '(.+)' not specified/, 'option obligatoire manquante : $1'],
  [/^error: option '(.+)' argument missing/, 'l’option $1 attend une valeur'],
  [/^error: too many arguments.*/, 'trop d’arguments'],
  [/^error: (?:option|command-argument value) '(.+?)'.*is invalid\. /, '$1 : '],
  [/Allowed choices are (.+)\.$/m, 'valeurs possibles : $1.'],
  [/\(Did you mean (.+)\?\)/, '(vouliez-vous dire $1 ?)'],
  [/^error: /, ''],
]

/** Commander speaks English; its sentences are few. */
const inFrench = (message: string): string =>
  translations.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), message)

const titles: Record<string, string> = {
  'Usage:': 'Utilisation :',
  'Options:': 'Options :',
  'Commands:': 'Commandes :',
  'Arguments:': 'Arguments :',
}

function dress(command: Command): void {
  command
    .helpOption('-h, --help', 'affiche cette aide')
    .configureHelp({ styleTitle: (title) => titles[title] ?? title })
    .configureOutput({ outputError: (message, write) => write(inFrench(message)) })
    .exitOverride()
  if (command.commands.length > 0) command.helpCommand('help [commande]', 'affiche l’aide d’une commande')
  for (const child of command.commands) dress(child)
}

/** What must not outlive the command, however it ends: a progress bar's timer would keep the process alive. */
export const atEnd: (() => void)[] = []

export const programVersion = (): string =>
  (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }).version

/** Runs the command line of this process and ends it with its exit code. */
export async function runProgram(groups: Register[]): Promise<void> {
  const version = programVersion()
  const program = new Command('sis')
    .description('SIS : système d’information sanitaire')
    .version(version, '-V, --version', 'affiche la version')
    .usage('[options] <commande>')
    // An option after a command's name is that command's: `sis backup` and `sis backup drill` share some.
    .enablePositionalOptions()
  for (const register of groups) register(program)
  dress(program)
  try {
    await program.parseAsync()
    process.exitCode ??= 0
  } catch (error) {
    process.exitCode = report(error)
  } finally {
    for (const end of atEnd) end()
  }
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage
  for (const line of sentencesOf(error)) process.stderr.write(`${line}\n`)
  return exitCodes.failure
}

/** A problem of the application says its French sentence; its fields' faults follow. */
function sentencesOf(error: unknown): string[] {
  if (!(error instanceof Problem)) return linesOf(error)
  if (error.code === 'internal') return linesOf(error.cause ?? error)
  const { detail = errorCatalogue[error.code].detail, errors = [] } = error.options
  if (errors.length === 0) return [say(detail, 'fr')]
  return errors.map(({ path, message }) => `${path} : ${say(message, 'fr')}`)
}

/** Writes a result: for a script as one JSON document, for a person as lines. */
export function output(json: boolean | undefined, value: unknown, lines: string[]): void {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : lines.map((line) => `${line}\n`).join(''))
}
