import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { hashRaw } from '@node-rs/argon2'
import { deriveKey } from '../auth/sealing.ts'
import { BackupRefused } from '../../shared/backup-refused.ts'

// A file that only a passphrase opens: 64 bytes in clear, then chunks of 64 KiB under AES-256-GCM in the STREAM
// construction (Hoang, Reyhanitabar, Rogaway, Vizár, "Online Authenticated-Encryption and its Nonce-Reuse
// Misuse-Resistance", CRYPTO 2015, as age 1 has it): the nonce is the chunk's number and whether it is the last, so that
// a chunk changed, moved, doubled or left out, and an end cut off, do not open. Each file has a key of its own.

/** What the file is a backup of: its first bytes, and what its key is derived for. */
const kinds = {
  establishment: { magic: Buffer.from('SIS-ETAB'), purpose: 'establishment backup file' },
  whole: { magic: Buffer.from('SIS-TOUT'), purpose: 'whole backup file' },
} as const
export type ContainerKind = keyof typeof kinds
const magicBytes = 8
const formatVersion = 1
/** Magic 8, version 1, memory in KiB 4, passes 1, lanes 1, nothing 1, salt 32, proof of the passphrase 16. */
export const headerBytes = 64
const [saltAt, proofAt] = [16, 48]
export const chunkBytes = 64 * 1024
const tagBytes = 16

// RFC 9106, 4: the second recommended choice.
const cost = { memoryCost: 65_536, timeCost: 3, parallelism: 4 }
// What a file may ask of us: a hostile one must not ask for 100 GB. The floor is OWASP's minimum.
const limits = { memoryCost: [19_456, 262_144], timeCost: [1, 10], parallelism: [1, 16] } as const

export type Sealing = { header: Buffer; key: Buffer }

/** A header of its own, and the key, for a new file. @param passphrase as typed: compared in NFKC */
export async function newSealing(passphrase: string, kind: ContainerKind = 'establishment'): Promise<Sealing> {
  const header = Buffer.alloc(headerBytes)
  kinds[kind].magic.copy(header)
  header.writeUInt8(formatVersion, 8)
  header.writeUInt32BE(cost.memoryCost, 9)
  header.writeUInt8(cost.timeCost, 13)
  header.writeUInt8(cost.parallelism, 14)
  randomBytes(32).copy(header, saltAt)
  const key = await keyOf(header, passphrase, kind)
  proofOf(key, header).copy(header, proofAt)
  return { header, key }
}

/** The key of a file whose first bytes these are. @throws BackupRefused unreadable, one_establishment, whole, newer, passphrase */
export async function openSealing(
  header: Buffer,
  passphrase: string,
  kind: ContainerKind = 'establishment',
): Promise<Sealing> {
  const found = kindOf(header)
  if (header.length < headerBytes || !found) throw new BackupRefused('unreadable')
  if (found !== kind) throw new BackupRefused(found === 'whole' ? 'whole' : 'one_establishment')
  if (header.readUInt8(8) > formatVersion) throw new BackupRefused('newer')
  const key = await keyOf(header, passphrase, kind)
  if (!timingSafeEqual(proofOf(key, header), header.subarray(proofAt))) throw new BackupRefused('passphrase')
  return { header, key }
}

const kindOf = (header: Buffer): ContainerKind | undefined =>
  (Object.keys(kinds) as ContainerKind[]).find((kind) => kinds[kind].magic.equals(header.subarray(0, magicBytes)))

async function keyOf(header: Buffer, passphrase: string, kind: ContainerKind): Promise<Buffer> {
  const asked = {
    memoryCost: header.readUInt32BE(9),
    timeCost: header.readUInt8(13),
    parallelism: header.readUInt8(14),
  }
  for (const [name, [least, most]] of Object.entries(limits))
    if (asked[name as keyof typeof asked] < least || asked[name as keyof typeof asked] > most)
      throw new BackupRefused('unreadable')
  const salt = header.subarray(saltAt, proofAt)
  const secret = await hashRaw(passphrase.normalize('NFKC'), { ...asked, salt, outputLen: 32 })
  return deriveKey(secret, kinds[kind].purpose)
}

// Tells a wrong passphrase from an altered file; over the whole of what precedes it.
const proofOf = (key: Buffer, header: Buffer): Buffer =>
  createHmac('sha256', key)
    .update(header.subarray(0, proofAt))
    .digest()
    .subarray(0, headerBytes - proofAt)

function nonce(number: number, isLast: boolean): Buffer {
  const bytes = Buffer.alloc(12)
  bytes.writeUInt32BE(number, 7)
  bytes.writeUInt8(isLast ? 1 : 0, 11)
  return bytes
}

/** The header and the sealed chunks of these bytes, as they are written to the file. */
export async function* sealed({ header, key }: Sealing, plain: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield header
  for await (const { number, bytes, isLast } of chunked(plain, chunkBytes)) {
    const cipher = createCipheriv('aes-256-gcm', key, nonce(number, isLast), { authTagLength: tagBytes }).setAAD(header)
    yield Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
  }
}

/** Writes the content, compressed and sealed, to a new file that is on the disk when it ends. @returns the file's SHA-256 */
export async function writeSealed(path: string, sealing: Sealing, content: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(
    Readable.from(content, { objectMode: false }),
    createGzip(),
    (zipped: AsyncIterable<Buffer>) => sealed(sealing, zipped),
    async function* (pieces: AsyncIterable<Buffer>) {
      for await (const piece of pieces) {
        hash.update(piece)
        yield piece
      }
    },
    createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true }),
  )
  return hash.digest('hex')
}

/** The bytes that were sealed. @param body the file's bytes after its header. @throws BackupRefused altered */
export async function* unsealed({ header, key }: Sealing, body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const { number, bytes, isLast } of chunked(body, chunkBytes + tagBytes)) {
    if (bytes.length < tagBytes) throw new BackupRefused('altered')
    const end = bytes.length - tagBytes
    const opening = createDecipheriv('aes-256-gcm', key, nonce(number, isLast), { authTagLength: tagBytes })
    opening.setAAD(header).setAuthTag(bytes.subarray(end))
    const plain = opening.update(bytes.subarray(0, end))
    try {
      opening.final()
    } catch (cause) {
      throw new BackupRefused('altered', { cause })
    }
    yield plain
  }
}

type Chunk = { number: number; bytes: Buffer; isLast: boolean }

/** The same bytes in pieces of this size, the last one shorter and marked; of nothing one empty piece. */
async function* chunked(source: AsyncIterable<Buffer>, size: number): AsyncGenerator<Chunk> {
  let [number, held] = [0, 0]
  let pieces: Buffer[] = []
  for await (const piece of source) {
    pieces.push(piece)
    held += piece.length
    // One byte more than a chunk: only then it is known not to be the last.
    if (held <= size) continue
    let bytes = Buffer.concat(pieces)
    for (; bytes.length > size; bytes = bytes.subarray(size))
      yield { number: number++, bytes: bytes.subarray(0, size), isLast: false }
    pieces = [bytes]
    held = bytes.length
  }
  yield { number, bytes: Buffer.concat(pieces), isLast: true }
}
