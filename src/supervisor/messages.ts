import type { Config, RateSetting } from '../config.ts'
import type { Family } from '../shared/meters.ts'

/** What an HTTP process may know: no owner's address, no secret in its environment or its arguments. */
export type WorkerSettings = {
  config: Pick<Config, 'corsOrigins' | 'trustProxy' | RateSetting | 'logLevel' | 'slowMs'>
  apiUrl: string
  installation: string
  pooler: Config['pooler']
  poolSize: number
  /** What its connections may take in PostgreSQL (MB). */
  memoryMb: number
  /** Whether somebody may ask for its numbers. */
  metered: boolean
}

/**
 * `open`: its doors to the database; `start`: serve, with the master key (base64, 32 bytes). `connection` comes with a socket;
 * the next one only after `taken` with `next`.
 */
export type ToWorker =
  | { type: 'open'; settings: WorkerSettings }
  | { type: 'start'; masterKey: string }
  | { type: 'connection' }
  | { type: 'drain' }
  | { type: 'measure'; round: number }

/**
 * `here`: listens to us (a message sent before is lost while an ES module loads, Node 20).
 * `leaving`: it crashed, and ends as soon as it is told `drain`: what was handed over before comes before that.
 * `wished`: what the supervisor is to do stands in the directory.
 * `measured`: its numbers, as asked for; before it ends by itself they come unasked (round 0).
 * `failed`: starting this process again would not help; the lines are for the person at the terminal.
 */
export type FromWorker =
  | { type: 'here' }
  | { type: 'ready' }
  | { type: 'taken'; next: boolean }
  | { type: 'leaving' }
  | { type: 'wished' }
  | { type: 'failed'; lines: string[] }
  | { type: 'measured'; round: number; families: Family[] }

/**
 * Connections of each HTTP process, beside those of its own. The embedded server takes 100; migrations and the command
 * line keep some.
 */
export const poolSizeFor = (workers: number): number =>
  Math.max(2, Math.min(10, Math.floor(80 / workers) - ownConnections))

/**
 * One for the directory, one for the record of reads (whoever holds the pool keeps neither from its work), two that one-shot
 * reads share.
 */
export const ownConnections = 4

/** How long requests may take to finish once we stop (ms). */
export const drainMs = 10_000
