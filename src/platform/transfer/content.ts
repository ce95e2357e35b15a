import { createHash } from 'node:crypto'
import type { EstablishmentContents } from '#tenancy'
import { BackupRefused } from '../../shared/backup-refused.ts'
import { isPublicKey, verifySignature, type SigningKey } from '../../shared/ed25519.ts'
import { framesOf, type Frame } from './frames.ts'
import { parseManifest, parseTrailer, statementOf, type Manifest, type Trailer } from './manifest.ts'

// Before the signed trailer: the key's 32 bytes and the signature's 64.
const [keyBytes, signatureBytes] = [32, 64]
/** Nothing that SIS stores comes near: PostgreSQL would be asked for so much memory at once. */
const longestRow = 64 * 1024 ** 2

/** Counts and hashes the rows of one table as they pass; in COPY's text every row ends in a line feed, and no value has one. */
export class Digest {
  rows = 0
  bytes = 0
  readonly #hash = createHash('sha256')
  readonly #longestRow: number
  #open = 0

  constructor(longest = Infinity) {
    this.#longestRow = longest
  }

  add(piece: Buffer): void {
    this.#hash.update(piece)
    this.bytes += piece.length
    let from = 0
    for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, from)) {
      this.rows++
      this.#open = 0
      from = at + 1
    }
    this.#open += piece.length - from
    if (this.#open > this.#longestRow) throw new BackupRefused('content')
  }

  result(name: string): Trailer['tables'][number] {
    return { name, rows: this.rows, bytes: this.bytes, sha256: this.#hash.digest('hex') }
  }
}

/** What goes into a backup, before it is compressed: the manifest, the rows of each table, and what is signed of them. */
export async function* contentOf(
  manifest: Manifest,
  contents: Pick<EstablishmentContents, 'read'>,
  key: SigningKey,
  { beforeSigned, onRows }: { beforeSigned?: (trailer: Trailer) => void; onRows?: (rows: number) => void } = {},
): AsyncGenerator<Buffer> {
  const head = Buffer.from(JSON.stringify(manifest))
  yield* framesOf('manifest', head)
  const trailer: Trailer = { tables: [] }
  let rows = 0
  for (const table of manifest.tables) {
    yield* framesOf('table', Buffer.from(table.name))
    const digest = new Digest()
    for await (const piece of contents.read(table)) {
      digest.add(piece)
      yield* framesOf('data', piece)
      onRows?.(rows + digest.rows)
    }
    trailer.tables.push(digest.result(table.name))
    rows += digest.rows
  }
  beforeSigned?.(trailer)
  const end = Buffer.from(JSON.stringify(trailer))
  const signature = key.sign(statementOf(head, end))
  yield* framesOf('trailer', Buffer.concat([Buffer.from(key.publicKey, 'base64url'), signature, end]))
}

export type Content = {
  manifest: Manifest
  trailer: Trailer
  /** Of whoever signed, in base64url. */
  publicKey: string
  statement: Buffer
  signature: Buffer
}
export type Part = { table: string; bytes: Buffer }

/**
 * The rows of a backup in the order of its tables, each table beginning with an empty part; returns what was signed,
 * once everything has passed and agrees with it.
 * @throws BackupRefused content, newer, signature
 */
export async function* readContent(frames: AsyncIterable<Frame>): AsyncGenerator<Part, Content> {
  let head: Buffer | undefined
  let manifest: Manifest | undefined
  let end: Buffer | undefined
  let digest = new Digest(longestRow)
  const passed: Trailer['tables'] = []
  let table: string | undefined
  for await (const { kind, bytes } of frames) {
    if ((kind === 'manifest') === (manifest !== undefined) || end) throw new BackupRefused('content')
    if (kind === 'manifest') {
      head = bytes
      manifest = parseManifest(bytes)
    } else if (kind === 'data') {
      if (table === undefined) throw new BackupRefused('content')
      digest.add(bytes)
      yield { table, bytes }
    } else {
      if (table !== undefined) passed.push(digest.result(table))
      digest = new Digest(longestRow)
      if (kind === 'trailer') {
        end = bytes
        continue
      }
      table = bytes.toString('latin1')
      if (manifest?.tables[passed.length]?.name !== table) throw new BackupRefused('content')
      yield { table, bytes: Buffer.alloc(0) }
    }
  }
  if (!head || !manifest || !end) throw new BackupRefused('content')
  return { manifest, ...settle(head, manifest, end, passed) }
}

function settle(head: Buffer, manifest: Manifest, end: Buffer, passed: Trailer['tables']): Omit<Content, 'manifest'> {
  const publicKey = end.subarray(0, keyBytes).toString('base64url')
  const signature = end.subarray(keyBytes, keyBytes + signatureBytes)
  const signed = end.subarray(keyBytes + signatureBytes)
  const statement = statementOf(head, signed)
  if (!isPublicKey(publicKey) || !isSigned(publicKey, statement, signature)) throw new BackupRefused('signature')
  const trailer = parseTrailer(signed)
  const isWhole =
    passed.length === manifest.tables.length &&
    passed.length === trailer.tables.length &&
    passed.every(({ name, rows, bytes, sha256 }, index) => {
      const said = trailer.tables[index]
      return said?.name === name && said.rows === rows && said.bytes === bytes && said.sha256 === sha256
    })
  if (!isWhole) throw new BackupRefused('signature')
  return { trailer, publicKey, statement, signature: Buffer.from(signature) }
}

function isSigned(publicKey: string, statement: Buffer, signature: Buffer): boolean {
  try {
    return verifySignature(publicKey, statement, signature)
  } catch {
    // 32 bytes that are no point of the curve.
    return false
  }
}
