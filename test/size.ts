import { randomInt } from 'node:crypto'
import { seeded, type Random } from '../src/demo/random.ts'

/** Whether this is `npm run test:isolation`, `test:faults` or `test:fuzz`; `npm test` runs the same on a small sample. */
export const isFull = process.env['SIS_TEST_FULL'] === '1'

/** @returns `sample` in `npm test`, `whole` in the full runs */
export const size = (sample: number, whole: number): number => (isFull ? whole : sample)

/**
 * How long to wait for what the product promises within a time (ms). The full runs hold the promise; `npm test`, which shares
 * whatever machine with whatever else, waits ten times as long, and shows that it happens at all.
 */
export const within = (ms: number): number => size(10 * ms, ms)

/** What chose the cases of this run. Whoever uses it prints it (`t.diagnostic`); `--seed N` repeats the run. */
export const seed = Number(process.env['SIS_TEST_SEED'] ?? randomInt(2 ** 31))

/** Choices that this run's seed repeats, a stream of its own for each name. */
export const random = (name: string): Random => seeded(`${seed} ${name}`)
