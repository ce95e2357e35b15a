import { createHash } from 'node:crypto'
import { BackupRefused } from '../../shared/backup-refused.ts'
import type { WholeContents, WholeDigest } from '#tenancy'
import { Digest, framesOf, type Frame } from '../transfer/index.ts'
import { parseDigest, parseManifest, parseTotal, type Total, type WholeManifest } from './manifest.ts'

// Frames: the manifest; of each table its place and name, its rows, what they are (number, bytes, SHA-256); at the end what
// all of that is. The container proves that nothing was changed; these prove that the tables hold, once restored, what they
// held. 60,000 tables of 5,000 establishments pass without a list of them.

/** What goes into a backup before it is compressed. @param done is told the total */
export async function* contentOf(
  manifest: WholeManifest,
  contents: Pick<WholeContents, 'parts'>,
  done: (total: Total) => void,
  onBytes: (bytes: number) => void = () => {},
): AsyncGenerator<Buffer> {
  yield* framesOf('manifest', Buffer.from(JSON.stringify(manifest)))
  const sum = new Sum()
  for await (const part of contents.parts()) {
    yield* framesOf('table', Buffer.from(`${part.place} ${part.name}`))
    const digest = new Digest()
    for await (const piece of part.read()) {
      digest.add(piece)
      yield* framesOf('data', piece)
      onBytes(sum.total.bytes + digest.bytes)
    }
    yield* framesOf('trailer', sum.add(part.place, part.name, digest))
  }
  yield* framesOf('trailer', Buffer.from(JSON.stringify(sum.total)))
  done(sum.total)
}

/** A table's rows as they pass; `end` once they have. */
export type Step =
  { manifest: WholeManifest } | { place: string; name: string } | { bytes: Buffer } | { end: WholeDigest }

/**
 * What a backup says, step by step; returns the total once everything has passed and agrees with it.
 * @throws BackupRefused content, newer, altered
 */
export async function* readContent(frames: AsyncIterable<Frame>): AsyncGenerator<Step, Total> {
  let manifest: WholeManifest | undefined
  let table: { place: string; name: string; digest: Digest } | undefined
  let total: Total | undefined
  const sum = new Sum()
  for await (const { kind, bytes } of frames) {
    if ((kind === 'manifest') === (manifest !== undefined) || total) throw new BackupRefused('content')
    if (kind === 'manifest') yield { manifest: (manifest = parseManifest(bytes)) }
    else if (kind === 'table') {
      if (table) throw new BackupRefused('content')
      const [place = '', name = '', ...rest] = bytes.toString('latin1').split(' ')
      if (rest.length > 0) throw new BackupRefused('content')
      table = { place, name, digest: new Digest() }
      yield { place, name }
    } else if (kind === 'data') {
      if (!table) throw new BackupRefused('content')
      table.digest.add(bytes)
      yield { bytes }
    } else if (table) {
      const end = parseDigest(bytes)
      if (!sum.add(table.place, table.name, table.digest).equals(bytes)) throw new BackupRefused('altered')
      table = undefined
      yield { end }
    } else total = parseTotal(bytes)
  }
  if (!manifest || !total || table) throw new BackupRefused('content')
  if (JSON.stringify(total) !== JSON.stringify(sum.total)) throw new BackupRefused('altered')
  return total
}

class Sum {
  total: Total = { tables: 0, rows: 0, bytes: 0, sha256: createHash('sha256').digest('hex') }

  /** @returns what is said of the table */
  add(place: string, name: string, digest: Digest): Buffer {
    const { rows, bytes, sha256 } = digest.result(name)
    const said = JSON.stringify({ rows, bytes, sha256 })
    const { total } = this
    this.total = {
      tables: total.tables + 1,
      rows: total.rows + rows,
      bytes: total.bytes + bytes,
      sha256: createHash('sha256').update(`${total.sha256} ${place} ${name} ${said}`).digest('hex'),
    }
    return Buffer.from(said)
  }
}
