import { v7 } from 'uuid'

/** A source of choices that is the same at every run for the same name. */
export type Random = {
  /** 0 (included) to 1 (excluded). */
  next(): number
  /** A whole number, both ends included. */
  int(from: number, to: number): number
  chance(probability: number): boolean
  pick<T>(list: readonly T[]): T
  /** One of the entries, as often as its weight says. */
  weighted<T>(entries: readonly (readonly [T, number])[]): T
  /** Normal distribution, cut at three standard deviations. */
  around(mean: number, deviation: number): number
  /** A UUID version 7 of this instant, its other bits chosen here. @param at milliseconds since 1970 */
  uuid(at: number): string
}

/** Opens the stream of this name: mulberry32 (T. Ettinger, public domain), since Math.random takes no seed. */
export function seeded(name: string): Random {
  let state = fnv1a(name)
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const int = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1))

  return {
    next,
    int,
    chance: (probability) => next() < probability,
    pick: <T>(list: readonly T[]): T => list[int(0, list.length - 1)] as T,
    weighted<T>(entries: readonly (readonly [T, number])[]): T {
      let rest = next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
      for (const [value, weight] of entries) {
        rest -= weight
        if (rest < 0) return value
      }
      return entries[entries.length - 1]![0]
    },
    around(mean, deviation) {
      // The sum of twelve is within 0.1 % of a normal one where we cut it.
      let sum = -6
      for (let i = 0; i < 12; i++) sum += next()
      return mean + deviation * Math.max(-3, Math.min(3, sum))
    },
    uuid: (at) => v7({ msecs: at, random: Uint8Array.from({ length: 16 }, () => int(0, 255)) }),
  }
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash
}
