import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { codeOf, onDisk } from './failure.ts'

/** Makes a folder that only its owner may enter, where none is. */
export function privateFolder(path: string): void {
  onDisk(path, () => makeFolder(path, 0o700))
}

/**
 * mkdir with its parents. Not Node's `recursive`: below /proc, where mkdir says ENOENT for ever, it never returns, and for
 * a disk that is read-only it says ENOENT too (Node 20, 24).
 */
export function makeFolder(path: string, mode: number): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return
  if (!existsSync(dirname(path))) makeFolder(dirname(path), mode)
  try {
    mkdirSync(path, { mode })
  } catch (error) {
    // Somebody else was faster.
    if (codeOf(error) !== 'EEXIST' || !statSync(path).isDirectory()) throw error
  }
}

/** A secret's file, or undefined. One that others may read is closed again. */
export function readSecret(path: string): string | undefined {
  try {
    const value = readFileSync(path, 'utf8').trim()
    chmodSync(path, 0o600)
    return value || undefined
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    return onDisk(path, () => {
      throw error
    })
  }
}

export function writeSecret(path: string, value: string): void {
  onDisk(path, () => {
    makeFolder(dirname(path), 0o700)
    const draft = `${path}.${randomBytes(6).toString('hex')}`
    writeFileSync(draft, `${value}\n`, { mode: 0o600, flag: 'wx', flush: true })
    renameSync(draft, path)
  })
}

/** 256 bits that can stand in an address. */
export const randomSecret = (): string => randomBytes(32).toString('base64url')

/** The secret of a file, made at random the first time (256 bits). */
export function secretIn(path: string): string {
  const found = readSecret(path)
  if (found) return found
  const made = randomSecret()
  writeSecret(path, made)
  return made
}
