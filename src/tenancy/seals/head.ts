import { hash } from 'node:crypto'
import type { SigningKey } from '../../shared/ed25519.ts'

/** What a seal says: its chain's entries of this era with from <= xid < to are these many, and no others. */
export type Statement = {
  chain: string
  /** 1, 2, 3… within the chain. */
  number: number
  era: number
  from: string
  to: string
  entries: number
  /** Of the tree over the entries, and the head of the chain's seal before: hexadecimal. */
  root: string
  previous: string | null
  /** When it was made, in milliseconds since 1970, as text. */
  at: string
  /** Whose signature it bears. */
  kid: string
}

/** A signed statement: enough to recognise its chain, up to there, without the database. */
export type Head = Statement & { head: string; signature: string }

const [form, context] = ['sis audit seal 1', 'sis audit head 1\n']

/** SHA-256 over the whole statement, the head before included: each head vouches for everything up to it. */
export function headOf({ chain, number, era, from, to, entries, root, previous, at, kid }: Statement): Buffer {
  return hash(
    'sha256',
    JSON.stringify([form, chain, number, era, from, to, entries, root, previous, at, kid]),
    'buffer',
  )
}

/** What is signed: never the bare hash, which another use of the same key could produce. */
export const signedBytes = (head: Buffer): Buffer => Buffer.concat([Buffer.from(context), head])

export function signed(statement: Statement, key: SigningKey): Head {
  const head = headOf(statement)
  return { ...statement, head: head.toString('hex'), signature: key.sign(signedBytes(head)).toString('base64url') }
}

/** Whether head and statement belong together and the signature is this key's. */
export function isGenuine(head: Head, verify: (bytes: Uint8Array, signature: Uint8Array) => boolean): boolean {
  const bytes = headOf(head)
  return bytes.toString('hex') === head.head && verify(signedBytes(bytes), Buffer.from(head.signature, 'base64url'))
}

/** A head as one line of a file kept outside the database. */
export const lineOf = ({ chain, number, era, from, to, entries, root, previous, at, kid, head, signature }: Head) =>
  JSON.stringify({ chain, number, era, from, to, entries, root, previous, at, kid, head, signature })

/** @returns undefined for a line that is no head */
export function headOfLine(line: string): Head | undefined {
  try {
    const read = JSON.parse(line) as Head
    const isText = (['chain', 'from', 'to', 'root', 'at', 'kid', 'head', 'signature'] as const).every(
      (name) => typeof read[name] === 'string',
    )
    const isWhole = [read.number, read.era, read.entries].every(Number.isSafeInteger)
    return isText && isWhole && (read.previous === null || typeof read.previous === 'string') ? read : undefined
  } catch {
    return undefined
  }
}
