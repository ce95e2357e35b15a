import { readdirSync, readFileSync } from 'node:fs'

// USER_HZ is 100 on every Linux that Node runs on.
const msPerTick = 10

type Process = { pid: number; parent: number; ticks: number }

/** Every process that runs; the time of the children that ended is their parent's. */
function processes(): Process[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)?.split(' ').map(Number) ?? []
      const ticks = fields.slice(11, 15).reduce((sum, value) => sum + value, 0)
      return [{ pid: Number(name), parent: fields[1] ?? 0, ticks }]
    } catch {
      return []
    }
  })
}

/** A process and all below it. */
export function treeOf(root: number, all: Process[] = processes()): number[] {
  return [root, ...all.filter(({ parent }) => parent === root).flatMap(({ pid }) => treeOf(pid, all))]
}

/**
 * Processor time of a process and of all that it started, ended ones included (ms).
 * @param without one below it that is counted for itself: the embedded database is a child of the server
 */
export function processorTime(root: number, without?: number): number {
  const all = processes().filter(({ pid }) => pid !== without)
  const tree = new Set(treeOf(root, all))
  return all.reduce((sum, { pid, ticks }) => (tree.has(pid) ? sum + ticks * msPerTick : sum), 0)
}

/** Processor time of the children of this process that have ended: of load generators (ms). */
export function endedChildrenTime(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1)?.split(' ').map(Number) ?? []
  return ((fields[13] ?? 0) + (fields[14] ?? 0)) * msPerTick
}

export type Memory = { rss: number; anonymous: number; proportional: number }

/** Memory of one process (MB): resident, its own alone, and its own with its share of what several use. */
export function memoryOf(pid: number): Memory {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
    const of = (name: string): number => Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) / 1_024
    return { rss: of('Rss'), anonymous: of('Anonymous'), proportional: of('Pss') }
  } catch {
    return { rss: 0, anonymous: 0, proportional: 0 }
  }
}

/** What a process was started as. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}
