import { traceOf, type Trace } from '../shared/traces.ts'

/**
 * The last net of a process (ASVS 5.0 16.5.4): what nobody caught. Node's own way is to print the whole error, and errors
 * of the database quote records. Whoever is called logs the trace, lets requests end and exits with 1.
 */
export function onCrash(act: (trace: Trace) => void): void {
  let crashed = false
  const crash = (error: unknown): void => {
    // What goes wrong while the process ends must not begin the end again.
    if (crashed) return
    crashed = true
    act(traceOf(error))
  }
  process.on('uncaughtException', crash)
  process.on('unhandledRejection', crash)
}
