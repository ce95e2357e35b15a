import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { codeOf, onDisk } from './failure.ts'

/** Makes a folder that only its owner may enter, where none is. */
export function privateFolder(path: string): void {
  onDisk(path, () => {
    if (existsSync(dirname(path)) && !existsSync(path)) {
      // With `recursive`, Node says ENOENT for a disk that is read-only.
      mkdirSync(path, { mode: 0o700 })
    } else mkdirSync(path, { recursive: true, mode: 0o700 })
  })
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
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const draft = `${path}.${randomBytes(6).toString('hex')}`
    writeFileSync(draft, `${value}\n`, { mode: 0o600, flag: 'wx', flush: true })
    renameSync(draft, path)
  })
}

/** The secret of a file, made at random the first time (256 bits). */
export function secretIn(path: string): string {
  const found = readSecret(path)
  if (found) return found
  const made = randomBytes(32).toString('base64url')
  writeSecret(path, made)
  return made
}
