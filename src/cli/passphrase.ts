import { readFileSync, statSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { Failure } from '../supervisor/failure.ts'

/** Without a limit on tries, as whoever has the file has: NIST SP 800-63B-4 asks for 15 characters of a password alone. */
const least = 15

/**
 * The passphrase of a file: the first line of `file`, else asked at the terminal without showing it. Never an option of
 * the command: other users of the machine see those. @param isNew a new one is long enough, and typed twice
 * @throws Failure
 */
export async function readPassphrase(file: string | undefined, { isNew = false } = {}): Promise<string> {
  const given = file === undefined ? await ask('Phrase secrète : ') : firstLine(file)
  if (isNew && [...given].length < least)
    throw new Failure(`La phrase secrète est trop courte : ${least} caractères au moins (plusieurs mots au hasard).`)
  if (isNew && file === undefined && (await ask('La même encore une fois : ')) !== given)
    throw new Failure('Les deux phrases secrètes diffèrent : rien n’a été écrit.')
  return given
}

function firstLine(file: string): string {
  try {
    if ((statSync(file).mode & 0o077) !== 0 && process.platform !== 'win32')
      process.stderr.write(
        `Attention : d’autres utilisateurs de cette machine peuvent lire ${file} : chmod 600 ${file}\n`,
      )
    // Some editors put a mark before the first letter, that nobody types.
    return (
      readFileSync(file, 'utf8')
        .replace(/^\uFEFF/, '')
        .split(/\r?\n/, 1)[0] ?? ''
    )
  } catch (cause) {
    throw new Failure(`Impossible de lire la phrase secrète dans ${file}.`, { cause })
  }
}

async function ask(question: string): Promise<string> {
  if (!process.stdin.isTTY)
    throw new Failure(
      'Personne ne peut donner la phrase secrète ici : mettez-la dans un fichier et ajoutez --passphrase-file.',
    )
  process.stderr.write(question)
  const nowhere = new Writable({ write: (_piece, _encoding, done) => done() })
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  try {
    return await terminal.question('')
  } finally {
    terminal.close()
    process.stderr.write('\n')
  }
}
