import { pino, type Logger } from 'pino'
import type { Config } from '../config.ts'

/** The journal of one process: one JSON line an event, on standard output. */
export const createLog = (level: Config['logLevel']): Logger => pino({ level, base: { pid: process.pid } })
