import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Failure, onDisk } from './failure.ts'
import { makeFolder } from './secrets.ts'

// A restore into a data folder works in a folder of its own inside it. Only when that is complete does it take the place of
// what was there: each file is moved once, and whoever comes after a cut (the next restore, the next start) goes on.

const draftIn = (dataDir: string): string => join(dataDir, 'restoring')
const planIn = (dataDir: string): string => join(draftIn(dataDir), 'complete')
const moving = ['postgres', 'postgres-password', 'api-password', 'master-key'] as const

/** The data folder in which a restore works. */
export const restoringIn = draftIn

type Plan = { aside: string; bring: string[]; taken: string }

/**
 * Puts a restored data folder in the place of what was there, which goes to a folder aside and is never deleted.
 * @param taken names the backup, so that a second attempt knows that it is in place already
 * @returns the folder aside, or undefined where there was nothing
 */
export function switchTo(dataDir: string, taken: string, at: Date): string | undefined {
  const aside = join(dataDir, `before-${at.toISOString().replace(/[-:]|\.\d+/g, '')}`)
  const bring = moving.filter((name) => existsSync(join(draftIn(dataDir), name)))
  const wasThere = moving.some((name) => existsSync(join(dataDir, name)))
  const draft = `${planIn(dataDir)}.draft`
  onDisk(dataDir, () => {
    writeFileSync(draft, JSON.stringify({ aside, bring, taken } satisfies Plan), { mode: 0o600, flush: true })
    renameSync(draft, planIn(dataDir))
    sync(draftIn(dataDir))
  })
  settleSwitch(dataDir)
  return wasThere ? aside : undefined
}

/** Goes on with a switch that was begun. @returns which backup is in place since */
export function settleSwitch(dataDir: string): string | undefined {
  const plan = readPlan(dataDir)
  if (!plan) return undefined
  onDisk(dataDir, () => {
    for (const name of moving) {
      const [here, there] = [join(dataDir, name), join(draftIn(dataDir), name)]
      const comes = plan.bring.includes(name)
      if (existsSync(here) && (comes ? existsSync(there) : true)) {
        makeFolder(plan.aside, 0o700)
        renameSync(here, join(plan.aside, name))
      }
      if (comes && existsSync(there)) renameSync(there, here)
    }
    sync(dataDir)
    rmSync(draftIn(dataDir), { recursive: true, force: true })
  })
  return plan.taken
}

function readPlan(dataDir: string): Plan | undefined {
  try {
    return JSON.parse(readFileSync(planIn(dataDir), 'utf8')) as Plan
  } catch {
    return undefined
  }
}

/** A new database beside a restore that was cut off would look as if the records were gone. @throws Failure */
export function refuseUnfinished(dataDir: string): void {
  if (!existsSync(draftIn(dataDir))) return
  throw new Failure(
    `Une restauration dans ${dataDir} n’est pas terminée : relancez « npx sis restore », ou supprimez ${draftIn(dataDir)} pour commencer une base vide.`,
  )
}

function sync(folder: string): void {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
