import { write, writeSync } from 'node:fs'
import type { DestinationStream } from 'pino'
import { codeOf } from './failure.ts'

// A write for each line is a turn of the thread pool, 10 µs of two processors; a tenth of a second is not waited for by anybody.
const [enough, everyMs] = [4_096, 100]
// What a reader that stands still may leave (characters), and how long the end of the process waits for one.
const [mostUnread, patienceMs] = [16 * 1024 * 1024, 1_000]

/**
 * Gathers lines and writes them to an open file, all of them before the process ends (`flushSync`; pino calls it for a fatal
 * line). Once nobody reads any more, nothing is written. Not pino's own: its flushSync tries for ever to write to a reader
 * that has gone (sonic-boom 4.2.1), and the process neither ends nor hears a signal.
 */
export function gatherInto(fd: number): DestinationStream & { flushSync(): void } {
  let waiting = ''
  let isWriting = false
  let isGone = false

  const put = (piece: Buffer): void =>
    write(fd, piece, (error, written) => {
      if (isBusy(error)) setTimeout(put, everyMs, piece).unref()
      else if (error) isGone = true
      else if (written < piece.length) put(piece.subarray(written))
      else {
        isWriting = false
        if (waiting.length >= enough) send()
      }
    })
  const send = (): void => {
    if (isWriting || waiting === '') return
    isWriting = true
    put(take())
  }
  const take = (): Buffer => {
    const taken = Buffer.from(waiting)
    waiting = ''
    return taken
  }
  const flushSync = (): void => {
    const end = performance.now() + patienceMs
    for (let rest = take(); rest.length > 0 && !isGone && performance.now() < end;)
      try {
        rest = rest.subarray(writeSync(fd, rest))
      } catch (error) {
        isGone = !isBusy(error)
      }
  }
  setInterval(send, everyMs).unref()
  process.once('exit', flushSync)
  return {
    write(line) {
      if (isGone || waiting.length + line.length > mostUnread) return
      waiting += line
      if (waiting.length >= enough) send()
    },
    flushSync,
  }
}

const isBusy = (error: unknown): boolean => codeOf(error) === 'EAGAIN'
