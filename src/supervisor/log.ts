import { destination, pino, type Logger } from 'pino'
import type { Config } from '../config.ts'

/**
 * The journal of one process: one JSON line an event.
 * @param handle 1 for the standard output, 2 for a command, whose standard output is its result
 */
export const createLog = (level: Config['logLevel'], handle: 1 | 2 = 1): Logger =>
  pino({ level, base: { pid: process.pid } }, destination({ dest: handle, sync: handle === 2 }))
