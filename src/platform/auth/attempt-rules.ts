// How often a password may be guessed. Pure: what is stored, what a try makes of it. Nothing here locks for ever: each row
// opens again by itself, and forgets (ASVS 5.0 6.1.1, 6.3.1).

const second = 1_000
const minute = 60 * second
const hour = 60 * minute

type Rule = {
  /** So many wrong tries without a wait. */
  free: number
  /** The wait after the next one; it doubles with each further one. */
  firstMs: number
  longestMs: number
  /** One wrong try is forgotten in this time. */
  forgetMs: number
}

/**
 * `place`: one account from one network. `fresh`: one account from networks that have not failed on it lately; `worn`: from
 * those that have. Apart, because who hammers wears out their own network first, and a person who comes from somewhere new
 * for the first time then need not wait behind them. `network`: all accounts from one network. `device`: one known device.
 * `own`: a signed-in person's present password.
 * Strangers to one account get at most 40 + 20 tries and those that the growing waits let in: 78 in an hour, whatever the
 * number of their networks (NIST SP 800-63B 3.2.2 allows 100).
 */
export const rules = {
  place: { free: 5, firstMs: 10 * second, longestMs: 15 * minute, forgetMs: 15 * minute },
  fresh: { free: 40, firstMs: 10 * second, longestMs: hour, forgetMs: hour },
  worn: { free: 20, firstMs: 10 * second, longestMs: hour, forgetMs: hour },
  network: { free: 100, firstMs: 5 * second, longestMs: minute, forgetMs: 20 * second },
  device: { free: 10, firstMs: 10 * second, longestMs: 15 * minute, forgetMs: 15 * minute },
  own: { free: 10, firstMs: 10 * second, longestMs: 15 * minute, forgetMs: 15 * minute },
} as const satisfies Record<string, Rule>

export type Kind = keyof typeof rules

/** How long a network from which the right password came is one of the account's own. */
export const knownMs = 30 * 24 * hour

// Beyond it the wait is the longest anyway; a row must not be remembered for weeks.
const mostAbove = 12

/** All instants in ms (epoch). */
export type Row = { failures: number; countedAt: number; openAt: number; knownUntil: number | null }

export const blank = (at: number): Row => ({ failures: 0, countedAt: at, openAt: at, knownUntil: null })

/** The wrong tries that still count. */
export function failuresOf(kind: Kind, { failures, countedAt }: Row, at: number): number {
  return Math.max(0, failures - Math.max(0, at - countedAt) / rules[kind].forgetMs)
}

/** The row after one more try, counted as wrong until it is known to be right. */
export function counted(kind: Kind, row: Row, at: number): Row {
  const { free, firstMs, longestMs } = rules[kind]
  const failures = Math.min(failuresOf(kind, row, at) + 1, free + mostAbove)
  // Rounded: a few seconds of forgetting are no try.
  const above = Math.round(failures) - free
  // Without a wait nobody is kept out, not even by the clock of another machine.
  const openAt = above < 0 ? row.openAt : Math.max(row.openAt, at) + Math.min(longestMs, firstMs * 2 ** above)
  return { ...row, failures, countedAt: at, openAt }
}

/** The row without a try that was counted and was right, or was not made after all. */
export function givenBack(kind: Kind, row: Row, at: number): Row {
  return { ...row, failures: Math.max(0, failuresOf(kind, row, at) - 1), countedAt: at, openAt: at }
}

/** From when on the row says nothing. */
export const forgetAt = (kind: Kind, row: Row): number =>
  Math.max(row.openAt, row.countedAt + row.failures * rules[kind].forgetMs, row.knownUntil ?? 0)

/** Whether a wrong try from this place still counts. */
export const hasFailed = (place: Row, at: number): boolean => failuresOf('place', place, at) >= 0.5

/**
 * Which rows a stranger's or a neighbour's try is counted on. From a network that is the account's own, only that one: else
 * who guesses from elsewhere would keep out everybody who works here.
 */
export function kindsOf(place: Row, at: number): Kind[] {
  if (place.knownUntil !== null && place.knownUntil > at) return ['place']
  return ['place', 'network', hasFailed(place, at) ? 'worn' : 'fresh']
}
