import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

type Work = () => Promise<void> | void

/** What is needed of node:test's context. */
export type Test = { after(work: Work): void }

const works = new WeakMap<Test, Work[]>()

/**
 * Done at the test's end, the last first, each whatever became of the others. node:test's own hooks run the first first and none
 * after one that fails: a folder is taken from under a program that still writes there, then nobody ends the program.
 */
export function atEnd(t: Test, work: Work): void {
  const known = works.get(t)
  if (known) return void known.push(work)
  const mine = [work]
  works.set(t, mine)
  t.after(async () => {
    const errors: unknown[] = []
    for (let next = mine.pop(); next; next = mine.pop()) {
      try {
        await next()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw errors.length > 1 ? new AggregateError(errors) : errors[0]
  })
}

/**
 * Also while what was killed in it still writes its last files: Node's own retries do not look again at what is in there.
 * @throws what stands in the way after 30 s
 */
export async function removeFolder(folder: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return rmSync(folder, { recursive: true, force: true })
    } catch (error) {
      if (tries === 120) throw error
      await sleep(250)
    }
  }
}
