import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import type { ArrivingTable } from '#tenancy'
import { BackupRefused } from '../../shared/backup-refused.ts'
import { thumbprint } from '../../shared/ed25519.ts'
import { headerBytes, openSealing, unsealed, type Sealing } from './container.ts'
import { readContent, type Content, type Part } from './content.ts'
import { readFrames } from './frames.ts'

/** A backup that was read to its end: everything in it is what its signer signed. */
export type Backup = Content & {
  /** The thumbprint of whoever signed. */
  signer: string
  rows: number
  /** Its tables once more, for a restore; compared again with what was signed, for the file may have been changed since. */
  tables(onProgress?: Progress): AsyncGenerator<ArrivingTable>
}

/** Bytes of the file that were read, of how many. */
export type Progress = (done: number, of: number) => void

/**
 * Opens and verifies a whole backup; holds one chunk of it in memory at a time.
 * @throws BackupRefused: unreadable, newer, passphrase, altered, signature, content, bomb
 */
export async function openBackup(path: string, passphrase: string, onProgress?: Progress): Promise<Backup> {
  return verifyBackup(path, await openSealing(await headerOf(path), passphrase), onProgress)
}

/** The same, with the key at hand. */
export async function verifyBackup(path: string, sealing: Sealing, onProgress?: Progress): Promise<Backup> {
  const parts = partsOf(path, sealing, onProgress)
  let step = await parts.next()
  while (!step.done) step = await parts.next()
  const content = step.value
  return {
    ...content,
    signer: thumbprint(content.publicKey),
    rows: content.trailer.tables.reduce((sum, { rows }) => sum + rows, 0),
    tables: (again) => tablesOf(partsOf(path, sealing, again), content),
  }
}

/** The first bytes of a file, which say what it is. */
export async function headerOf(path: string): Promise<Buffer> {
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headerBytes), 0, headerBytes, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

async function* partsOf(
  path: string,
  sealing: Sealing,
  onProgress: Progress = () => {},
): AsyncGenerator<Part, Content> {
  const { size } = await stat(path)
  const file = createReadStream(path, { start: headerBytes, highWaterMark: 256 * 1024 })
  async function* counted(): AsyncGenerator<Buffer> {
    let done = headerBytes
    for await (const piece of file) {
      yield piece as Buffer
      onProgress(Math.min((done += (piece as Buffer).length), size), size)
    }
  }
  return yield* readContent(readFrames(unzipped(unsealed(sealing, counted()))))
}

// A file of one megabyte can unfold to a gigabyte. What an establishment stores has ids and hashes that do not shrink: its
// backups are 4 to 20 times smaller than their contents.
const [mostTimes, leastRefused] = [200, 16 * 1024 ** 2]

/** The bytes that were compressed. @throws BackupRefused content, bomb */
export async function* unzipped(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let [packed, plain] = [0, 0]
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const piece of source) {
      packed += piece.length
      yield piece
    }
  }
  const gunzip = createGunzip({ chunkSize: 128 * 1024 })
  const feeding = pipeline(Readable.from(counted(), { objectMode: false }), gunzip)
  // Its failure is told by the loop, or by the last line.
  feeding.catch(() => {})
  try {
    for await (const piece of gunzip) {
      plain += (piece as Buffer).length
      if (plain > leastRefused + mostTimes * packed) throw new BackupRefused('bomb')
      yield piece as Buffer
    }
    await feeding
  } catch (error) {
    if (String((error as { code?: unknown }).code).startsWith('Z_'))
      throw new BackupRefused('content', { cause: error })
    throw error
  }
}

async function* tablesOf(parts: AsyncGenerator<Part, Content>, verified: Content): AsyncGenerator<ArrivingTable> {
  let step = await parts.next()
  while (!step.done) {
    const name = step.value.table
    async function* rows(): AsyncGenerator<Buffer> {
      for (; !step.done && step.value.table === name; step = await parts.next())
        if (step.value.bytes.length > 0) yield step.value.bytes
    }
    yield { name, data: rows() }
  }
  if (!step.value.statement.equals(verified.statement)) throw new BackupRefused('altered')
}
