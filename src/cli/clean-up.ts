/**
 * What must not stay behind when a command is ended by Ctrl-C or a signal. @returns to be called when it is done
 */
export function atSignal(work: () => unknown): () => void {
  const end = (signal: NodeJS.Signals): void => {
    void Promise.resolve()
      .then(work)
      .catch(() => {})
      .finally(() => process.exit(signal === 'SIGINT' ? 130 : 143))
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.once(signal, end)
  return () => {
    for (const signal of signals) process.off(signal, end)
  }
}
