import { EARLIEST_DAY } from '../../shared/clock.ts'
import { invalidInput, type FieldError } from '../../shared/errors.ts'
import { text } from '../../shared/text.ts'
import { MOST_PERIODS, type Period, type State } from './schemas.ts'

const dayMs = 86_400_000
const numberOf = (day: string): number => Date.parse(`${day}T00:00:00Z`) / dayMs

const unavailable: readonly State[] = ['maintenance', 'outOfOrder']

/**
 * The days on which it could not be used. Each state lasts from its day to the day before the next one's, the last one until
 * today: what is one day's is never another's, whatever month or year they are in.
 * @param states the oldest first
 * @param from the first day that counts; absent: all
 * @param to the last day that counts; never later than today
 */
export function daysUnavailable(
  states: readonly Period[],
  today: string,
  { from = '0001-01-01', to = today }: { from?: string | undefined; to?: string | undefined } = {},
): number {
  const [first, last] = [numberOf(from), numberOf(to < today ? to : today)]
  let days = 0
  for (const [i, { state, since }] of states.entries()) {
    if (!unavailable.includes(state)) continue
    const next = states[i + 1]
    const until = next ? numberOf(next.since) - 1 : last
    days += Math.max(0, Math.min(until, last) - Math.max(numberOf(since), first) + 1)
  }
  return days
}

/**
 * Its states after one more: on the same day the later word counts, and what says nothing new is left out.
 * @throws invalid_input for a day in the future, or before that of the state it has, or for more states than are kept
 */
export function withState(states: readonly Period[], { state, since }: Period, today: string): Period[] {
  const latest = states.at(-1)
  const errors: FieldError[] = []
  if (since > today) errors.push({ path: 'stateSince', message: future })
  if (since < EARLIEST_DAY) errors.push({ path: 'stateSince', message: tooEarly })
  if (latest && since < latest.since) errors.push({ path: 'stateSince', message: before })
  if (errors.length > 0) throw invalidInput(...errors)
  const kept = latest?.since === since ? states.slice(0, -1) : states
  if (kept.at(-1)?.state === state) return [...kept]
  if (kept.length >= MOST_PERIODS) throw invalidInput({ path: 'state', message: tooMany })
  return [...kept, { state, since }]
}

/** @throws invalid_input unless each day is later than the one before, none is in the future, and each state another one */
export function assertStates(states: readonly Period[], today: string): void {
  const errors = states.flatMap(({ state, since }, i): FieldError[] => {
    const earlier = states[i - 1]
    const path = `states[${i}]`
    return [
      ...(since > today ? [{ path: `${path}.since`, message: future }] : []),
      ...(since < EARLIEST_DAY ? [{ path: `${path}.since`, message: tooEarly }] : []),
      ...(earlier && since <= earlier.since ? [{ path: `${path}.since`, message: order }] : []),
      ...(earlier?.state === state ? [{ path: `${path}.state`, message: same }] : []),
    ]
  })
  if (errors.length > 0) throw invalidInput(...errors)
}

const future = text('Un état ne commence pas dans le futur.', 'A state does not begin in the future.')
const tooEarly = text('Un état ne remonte pas avant 1900.', 'A state did not begin before 1900.')
const before = text(
  'Cet équipement a un état plus récent : corrigez ses états.',
  'This equipment has a later state: correct its states.',
)
const tooMany = text(
  `Cet équipement a déjà ${MOST_PERIODS} états : corrigez-les.`,
  `This equipment has ${MOST_PERIODS} states already: correct them.`,
)
const order = text('Chaque état commence après le précédent.', 'Each state begins after the one before.')
const same = text('Cet état est celui d’avant.', 'This state is the one before.')
