import { readFileSync } from 'node:fs'

// The program's own: its code, its journal, the connections to the database.
const ownFiles = 200

/**
 * How many connections a process may hold: all that the system lets it open but for its own files, at most `most`. Past that
 * the system drops what arrives without a word, and Node loses what is handed over.
 */
export function roomFor(most: number): number {
  const limit = Number(/^Max open files +(\d+)/m.exec(limits())?.[1] ?? Infinity)
  return Math.min(most, Math.max(16, limit - ownFiles))
}

/** Empty where the system does not tell (not Linux). */
function limits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8')
  } catch {
    return ''
  }
}
