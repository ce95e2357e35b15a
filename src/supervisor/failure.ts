import { framesOf, sayable } from '../shared/traces.ts'

/** Why SIS cannot start or a command cannot go on: each line is one sentence for the person at the terminal. */
export class Failure extends Error {
  readonly lines: string[]

  constructor(lines: string | string[], options?: ErrorOptions) {
    const all = typeof lines === 'string' ? [lines] : lines
    super(all.join('\n'), options)
    this.name = 'Failure'
    this.lines = all
  }
}

const fileSystemReasons: Record<string, string> = {
  EACCES: 'l’accès est refusé à cet utilisateur',
  EPERM: 'l’opération est refusée à cet utilisateur',
  EROFS: 'le disque est en lecture seule',
  ENOSPC: 'le disque est plein',
  EDQUOT: 'le quota du disque est atteint',
  ENOTDIR: 'une partie du chemin n’est pas un dossier',
  EISDIR: 'c’est un dossier',
  ENOENT: 'ce chemin ne peut pas être créé',
  EEXIST: 'un fichier porte déjà ce nom',
  ENAMETOOLONG: 'le chemin est trop long',
  EIO: 'le disque ne répond pas (erreur d’entrée-sortie)',
  ENOTSUP: 'ce système de fichiers ne convient pas (il lui manque les liens)',
  ENOSYS: 'ce système de fichiers ne convient pas (il lui manque les liens)',
  EMFILE: 'trop de fichiers sont ouverts',
}

/** The system's error code (ENOSPC…) of anything thrown, or undefined. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : undefined
}

/** Runs work on files below `path`; a refusal of the file system becomes one sentence that names the path. */
export function onDisk<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    const reason = fileSystemReasons[codeOf(error) ?? '']
    if (!reason) throw error
    throw new Failure(`Impossible d’écrire dans ${path} : ${reason}.`, { cause: error })
  }
}

/** What to write on the terminal: the sentences of an expected failure, the stack and the causes of any other. */
export function linesOf(error: unknown): string[] {
  const lines = (error as { lines?: unknown } | null)?.lines
  if (Array.isArray(lines)) return lines.map(String)
  if (!(error instanceof Error)) return [String(error)]
  const cause = error.cause === undefined ? [] : linesOf(error.cause).map((line) => `cause : ${line}`)
  return [`${error.name}: ${sayable(error)}`, ...(framesOf(error) ?? []).map((frame) => `    ${frame}`), ...cause]
}
