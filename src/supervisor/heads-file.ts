import { createReadStream, existsSync, renameSync, statSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { headOfLine, lineOf, type Anchors, type Head, type Log } from '#tenancy'
import { codeOf } from './failure.ts'
import { makeFolder } from './secrets.ts'

/** Takes signed heads to a place outside the database. @throws when they did not arrive */
export type Anchor = { name: string; push(heads: Head[]): Promise<void> }

// Some 10,000 heads. A file that is longer once compacted is left alone until it has doubled.
const largest = 5 * 1024 ** 2

/**
 * A file to which heads are appended, one line each, on the disk (fsync) before `push` resolves. Cut down to the newest
 * head of each chain when it has grown large; those that another history has replaced stay for ever.
 */
export function headsFile(path: string, log: Log): Anchor {
  let chains: Map<string, Kept> | undefined
  let limit = largest
  return {
    name: 'file',
    async push(heads) {
      const isLarge = sizeOf(path) > limit
      if (!chains || isLarge) {
        chains = await read(path, log)
        if (existsSync(path)) await rewrite(path, chains)
        limit = Math.max(largest, 2 * sizeOf(path))
      }
      const known = chains
      const fresh = heads.filter(({ chain, head }) => known.get(chain)?.current.head !== head)
      if (fresh.length === 0) return
      // What was not written for certain is read again next time.
      chains = undefined
      await append(path, fresh)
      for (const head of fresh) if (keep(known, head) === 'another') warn(log, head)
      chains = known
    },
  }
}

const warn = (log: Log, { chain, number }: Head): void =>
  log.error({ chain, seal: number }, 'an audit chain does not go on from the head that was kept outside the database')

/** The newest head of a chain, and those that were the newest when another history began. */
type Kept = { current: Head; replaced: Head[] }

/** @returns `another` when a head does not continue what was known of its chain */
function keep(chains: Map<string, Kept>, head: Head): 'next' | 'another' {
  const known = chains.get(head.chain)
  if (!known || known.current.head === head.head) {
    chains.set(head.chain, { current: head, replaced: known?.replaced ?? [] })
    return 'next'
  }
  const { current, replaced } = known
  const isNext = head.number > current.number && (head.number > current.number + 1 || head.previous === current.head)
  if (!isNext && !replaced.some((old) => old.head === head.head)) replaced.push(current)
  chains.set(head.chain, { current: head, replaced })
  return isNext ? 'next' : 'another'
}

async function read(path: string, log: Log): Promise<Map<string, Kept>> {
  const chains = new Map<string, Kept>()
  const unreadable = await eachHead(path, (head) => keep(chains, head))
  if (unreadable > 0) log.error({ lines: unreadable }, 'the file of audit heads was damaged')
  return chains
}

async function append(path: string, heads: Head[]): Promise<void> {
  makeFolder(dirname(path), 0o700)
  const file = await open(path, 'a', 0o600)
  try {
    await file.appendFile(heads.map((head) => `${lineOf(head)}\n`).join(''))
    await file.sync()
  } finally {
    await file.close()
  }
}

async function rewrite(path: string, chains: Map<string, Kept>): Promise<void> {
  const draft = `${path}.new`
  const file = await open(draft, 'w', 0o600)
  try {
    for (const { current, replaced } of chains.values())
      await file.appendFile([...replaced, current].map((head) => `${lineOf(head)}\n`).join(''))
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(draft, path)
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0

/** @returns how many lines were no head. A last line without its end is one that is being, or was never, written */
async function eachHead(path: string, work: (head: Head) => void): Promise<number> {
  let unreadable = 0
  let pending: string | undefined
  const take = (line: string): void => {
    const head = headOfLine(line)
    if (head) work(head)
    else unreadable++
  }
  try {
    for await (const line of createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity })) {
      if (pending !== undefined) take(pending)
      pending = line
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0
    throw error
  }
  const last = pending === undefined ? undefined : headOfLine(pending)
  if (last) work(last)
  return unreadable
}

/** The heads of a file, as the examination of the record wants them. Nothing where there is no file. */
export async function readHeads(path: string): Promise<Anchors> {
  const heads: Head[] = []
  const unreadable = await eachHead(path, (head) => heads.push(head))
  return { heads, unreadable }
}

/** Puts a file of heads aside under the time of day: the database has been taken back to an earlier state, on purpose. */
export function setAside(path: string, now: Date): string | undefined {
  if (!existsSync(path)) return undefined
  const aside = path.replace(/(\.[^./]*)?$/, (ending) => `-${now.toISOString().replaceAll(/[-:.]/g, '')}${ending}`)
  renameSync(path, aside)
  return aside
}
