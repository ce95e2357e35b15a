import { accessSync, constants } from 'node:fs'
import { isFolder, listBackups } from '../platform/backup/index.ts'
import { codeOf, Failure } from '../supervisor/failure.ts'

/** The backup at a path, or the newest one of a folder. @throws Failure */
export function backupAt(path: string): string {
  refuseUnreadable(path)
  if (!isFolder(path)) return path
  const [newest] = listBackups(path)
  if (newest === undefined) throw new Failure(`Il n’y a aucune sauvegarde de SIS dans ${path}.`)
  return newest
}

/** The backup at a path, which is a file. @throws Failure */
export function fileAt(path: string): string {
  refuseUnreadable(path)
  if (isFolder(path)) throw new Failure(`${path} est un dossier : donnez le nom du fichier.`)
  return path
}

function refuseUnreadable(path: string): void {
  try {
    accessSync(path, constants.R_OK)
  } catch (cause) {
    const isMissing = codeOf(cause) === 'ENOENT'
    const reason = isMissing ? 'ce fichier n’existe pas' : 'l’accès est refusé à cet utilisateur'
    throw new Failure(`Impossible de lire ${path} : ${reason}.`, { cause })
  }
}
