import { existsSync } from 'node:fs'
import { isFolder, listBackups } from '../platform/backup/index.ts'
import { Failure } from '../supervisor/failure.ts'

/** The backup at a path, or the newest one of a folder. @throws Failure */
export function backupAt(path: string): string {
  if (!existsSync(path)) throw new Failure(`Impossible de lire ${path} : ce fichier n’existe pas.`)
  if (!isFolder(path)) return path
  const [newest] = listBackups(path)
  if (newest === undefined) throw new Failure(`Il n’y a aucune sauvegarde de SIS dans ${path}.`)
  return newest
}
