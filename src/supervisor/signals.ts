/** The person's wish to stop: `asked` resolves at the first signal, `forced` runs at the second. */
export type Signals = { asked: Promise<void>; isAsked(): boolean }

// npm passes Ctrl-C on although the terminal has already sent it to everybody: what comes at once is the same wish.
const sameWishMs = 700

export function listenForSignals(forced: () => void): Signals {
  let first: number | undefined
  const asked = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        const now = performance.now()
        if (first === undefined) {
          first = now
          resolve()
        } else if (now - first > sameWishMs) forced()
      })
    }
  })
  return { asked, isAsked: () => first !== undefined }
}
