import { problem } from '../../shared/errors.ts'

/**
 * At most `width` at a time in this process, `waiting` more in line: a register of 20 MB or an export holds memory and
 * a database connection that the consultation rooms need too.
 * @throws busy when the line is full
 */
export function slots(width: number, waiting: number) {
  let taken = 0
  const line: (() => void)[] = []
  return async function inSlot<T>(work: () => Promise<T>): Promise<T> {
    if (taken < width) taken++
    else {
      if (line.length >= waiting) throw problem('busy', { retryAfter: 5 })
      // Whoever leaves hands its slot over: `taken` stays.
      await new Promise<void>((resolve) => line.push(resolve))
    }
    try {
      return await work()
    } finally {
      const next = line.shift()
      if (next) next()
      else taken--
    }
  }
}
