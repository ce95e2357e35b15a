import { readdirSync, rmSync, statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'

// sis-<installation>-20261122T031500Z.sis: sorted by name is sorted by time.
const pattern = /^sis-([a-z0-9]+)-(\d{8}T\d{6}Z)\.sis$/
const draftPattern = /^(sis-[a-z0-9]+-\d{8}T\d{6}Z\.sis)\.[0-9a-f]{8}\.part$/

/** The name of a backup of this installation, taken now. */
export const fileNameOf = (installation: string, at: Date): string =>
  `sis-${installation}-${at.toISOString().replace(/[-:]|\.\d+/g, '')}.sis`

/** The backups of a folder, the newest first. @param installation of one only */
export const listBackups = (folder: string, installation?: string): string[] =>
  readdirSync(folder)
    .filter((name) => {
      const [, whose] = pattern.exec(name) ?? []
      return whose !== undefined && (installation === undefined || whose === installation)
    })
    .sort((a, b) => (timeOf(a) < timeOf(b) ? 1 : -1))
    .map((name) => join(folder, name))

const timeOf = (name: string): string => pattern.exec(name)?.[2] ?? ''

/**
 * Removes all but the newest backups of an installation from a folder. Only for whoever holds the lock of backups.
 * @param made the one that was just verified: it stays also where a clock that was wrong once named others after it
 * @returns the removed backups
 */
export function keepNewest(folder: string, installation: string, keep: number, made: string): string[] {
  const others = listBackups(folder, installation).filter((path) => path !== made)
  const old = others.slice(Math.max(keep - 1, 0))
  for (const path of old) rmSync(path, { force: true })
  return old
}

/** Removes the drafts of attempts that were cut off. Only for whoever holds the lock of backups. */
export function removeDrafts(folder: string, installation: string): void {
  for (const name of readdirSync(folder)) {
    const [, whose] = pattern.exec(draftPattern.exec(name)?.[1] ?? '') ?? []
    if (whose === installation) rmSync(join(folder, name), { force: true })
  }
}

export const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false

/** Bytes that an ordinary user may still write there. */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}
