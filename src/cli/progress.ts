import { Presets, SingleBar } from 'cli-progress'
import { atEnd } from './program.ts'

/** Draws how far long work is: on a terminal only, on the error output, gone when it is done. */
export function progressBar(what: string): (done: number, of: number) => void {
  if (!process.stderr.isTTY) return () => {}
  let bar: SingleBar | undefined
  return (done, of) => {
    if (!bar) {
      bar = new SingleBar(
        { format: `${what} {bar} {value}/{total} ({eta} s)`, stream: process.stderr, clearOnComplete: true },
        Presets.shades_classic,
      )
      bar.start(of, done)
      const { stop } = bar
      atEnd.push(stop.bind(bar))
    }
    bar.update(done)
    if (done >= of) bar.stop()
  }
}
