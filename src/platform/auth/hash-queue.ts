import { availableParallelism } from 'node:os'
import { problem } from '../../shared/errors.ts'

const parallel = Math.max(1, availableParallelism() - 1)
const longest = 64

let running = 0
const waiting: (() => void)[] = []

/**
 * Runs one password hash. A hash costs 19 MiB and about 10 ms of a core: unbounded, a burst of logins would take the
 * machine from everyone else. At most all cores but one work at the same time, 64 wait, the rest is told to come back.
 * @throws busy
 */
export async function queued<T>(hash: () => Promise<T>): Promise<T> {
  if (running >= parallel) {
    if (waiting.length >= longest) throw problem('busy', { retryAfter: 2 })
    // The one that ends hands its place over: `running` stays as it is.
    await new Promise<void>((resolve) => waiting.push(resolve))
  } else running += 1
  try {
    return await hash()
  } finally {
    const next = waiting.shift()
    if (next) next()
    else running -= 1
  }
}
