import { BackupRefused } from '../../shared/backup-refused.ts'

// What is compressed and sealed: frames of a kind (1 byte), a length (4) and so many bytes.
const kinds = { manifest: 1, table: 2, data: 3, trailer: 4 } as const
export type FrameKind = keyof typeof kinds
export type Frame = { kind: FrameKind; bytes: Buffer }

const headBytes = 5
/** A manifest names everybody who works there; anything else is short. */
const longest: Record<FrameKind, number> = { manifest: 16 * 1024 ** 2, table: 127, data: 1024 ** 2, trailer: 1024 ** 2 }

/** Data longer than a frame becomes several. */
export function* framesOf(kind: FrameKind, bytes: Buffer): Generator<Buffer> {
  if (kind !== 'data' && bytes.length > longest[kind]) throw new Error(`a frame ${kind} of ${bytes.length} bytes`)
  for (let at = 0; at === 0 || at < bytes.length; at += longest.data) {
    const part = kind === 'data' ? bytes.subarray(at, at + longest.data) : bytes
    const head = Buffer.alloc(headBytes)
    head.writeUInt8(kinds[kind])
    head.writeUInt32BE(part.length, 1)
    yield head
    yield part
    if (kind !== 'data') return
  }
}

/** The frames of a stream; never holds more than one. @throws BackupRefused content */
export async function* readFrames(source: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  let pieces: Buffer[] = []
  let held = 0
  let wanted = headBytes
  let kind: FrameKind | undefined
  for await (const piece of source) {
    pieces.push(piece)
    held += piece.length
    if (held < wanted) continue
    let bytes = pieces.length === 1 ? piece : Buffer.concat(pieces)
    while (bytes.length >= wanted) {
      const part = bytes.subarray(0, wanted)
      bytes = bytes.subarray(wanted)
      if (kind === undefined) {
        kind = kindOf(part.readUInt8(0))
        wanted = part.readUInt32BE(1)
        if (wanted > longest[kind]) throw new BackupRefused('content')
      } else {
        yield { kind, bytes: part }
        kind = undefined
        wanted = headBytes
      }
    }
    pieces = bytes.length > 0 ? [bytes] : []
    held = bytes.length
  }
  if (held > 0 || kind !== undefined) throw new BackupRefused('content')
}

function kindOf(number: number): FrameKind {
  for (const [name, known] of Object.entries(kinds)) if (known === number) return name as FrameKind
  throw new BackupRefused('content')
}
