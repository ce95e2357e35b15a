import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Transform, type Readable, type Writable } from 'node:stream'

/** Writes what it reads into `out`; `begin` says that the first records are there. */
export type Writing = (out: Writable, begin: () => void) => Promise<void>

export type Streamed = {
  stream: Readable
  /** When all is written or given up; never rejects. */
  finished: Promise<void>
}

/**
 * A file that leaves while it is made. The stream is given once the first records are there, so that a failure before
 * them is an ordinary answer; a later one destroys the stream, and a connection cut short never looks like a whole file.
 * @param atEnd given the file's SHA-256 before its end leaves; when it fails the file never ends
 * @throws what fails before the first records
 */
export function streamFrom(write: Writing, atEnd?: (sha256: string) => Promise<void>): Promise<Streamed> {
  return new Promise((resolve, reject) => {
    const out = hashing(atEnd)
    // The receiver may go away at any time; whoever writes notices it by itself.
    out.on('error', () => {})
    const begin = (): void => resolve({ stream: out, finished })
    // In a later turn: a writer may say at once that it has begun.
    const finished = Promise.resolve()
      .then(() => write(out, begin))
      .then(
        () => {
          begin()
          out.end()
        },
        (error: Error) => {
          out.destroy(error)
          reject(error)
        },
      )
  })
}

/** Hands on what is written into it, and its end only once `atEnd` has taken note of the whole. */
export function hashing(atEnd: (sha256: string) => Promise<void> = async () => {}): Transform {
  const hash = createHash('sha256')
  return new Transform({
    highWaterMark: 256 * 1024,
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      done(null, chunk)
    },
    flush(ended) {
      atEnd(hash.digest('hex')).then(() => ended(), ended)
    },
  })
}

/** Writes, and waits until there is room again. @throws when the receiver went away */
export async function writeTo(out: Writable, chunk: string): Promise<void> {
  if (!out.write(chunk)) await drained(out)
}

/** Waits until `out` takes more. @throws when the receiver went away */
export async function drained(out: Writable): Promise<void> {
  while (out.writableNeedDrain && !out.destroyed) {
    const over = new AbortController()
    const either = [once(out, 'drain', { signal: over.signal }), once(out, 'close', { signal: over.signal })]
    await Promise.race(either).finally(() => over.abort())
    await Promise.allSettled(either)
  }
  if (out.destroyed) throw out.errored ?? new Error('the receiver of the file went away')
}
