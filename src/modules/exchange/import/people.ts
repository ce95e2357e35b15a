import {
  ageOn,
  birthRange,
  duplicateScorer,
  foldText,
  nameKey,
  POSSIBLE,
  type Age,
  type Birth,
  type Person,
} from '../../patients/index.ts'
import { NearNames } from './names.ts'

export type Known = {
  id: string
  person: Person
  /** The line of this file that brought the person; absent for who had a file before. */
  line?: number
}

export type Recognised = { known: Known; isNew: boolean; proposal?: { known: Known; score: number } }

type Entry = Known & { bornFrom: string; year: number; order: number }

/**
 * The persons of an establishment and of a register, in memory: 20,000 lines are compared without a question to the
 * database for each. Whoever is written in the same way, with nothing against it, is the same; whoever may be the
 * same is proposed and never merged.
 */
export class People {
  readonly #near = new NearNames()
  readonly #byKeys = new Map<string, Map<string, Entry[]>>()
  readonly #byWriting = new Map<string, Entry[]>()
  readonly #byCard = new Map<string, Entry[]>()
  #count = 0

  add(known: Known): Entry {
    const { person } = known
    const [bornFrom] = birthRange(person.birth)
    const entry = { ...known, bornFrom, year: Number(bornFrom.slice(0, 4)), order: this.#count++ }
    const [family, given] = [nameKey(person.familyName), nameKey(person.givenName)]
    this.#near.add(family)
    this.#near.add(given)
    const ofFamily = this.#byKeys.get(family) ?? new Map<string, Entry[]>()
    this.#byKeys.set(family, ofFamily.set(given, [...(ofFamily.get(given) ?? []), entry]))
    push(this.#byWriting, writingOf(person), entry)
    for (const card of cardsOf(person)) push(this.#byCard, card, entry)
    return entry
  }

  /**
   * Who a line of the register is about; somebody new is remembered for the lines to come.
   * @param on the day of the visit
   */
  recognise(person: Person, on: string, line: number, newId: () => string): Recognised {
    const same = (this.#byWriting.get(writingOf(person)) ?? [])
      .filter((known) => known.bornFrom <= on && isSame(known.person, person, on))
      .sort((a, b) => agreement(b.person, person) - agreement(a.person, person) || a.order - b.order)[0]
    if (same) return { known: same, isNew: false }
    const proposal = this.#likest(person, on)
    return { known: this.add({ id: newId(), person, line }), isNew: true, ...(proposal && { proposal }) }
  }

  #likest(person: Person, on: string): { known: Known; score: number } | undefined {
    const scoreOf = duplicateScorer(person)
    let best: { known: Entry; score: number } | undefined
    for (const known of this.#candidates(person, on)) {
      const score = scoreOf(known.person)
      if (score >= POSSIBLE && (!best || score > best.score || (score === best.score && known.order < best.known.order)))
        best = { known, score }
    }
    return best
  }

  *#candidates(person: Person, on: string): Generator<Entry> {
    for (const card of cardsOf(person)) yield* this.#byCard.get(card) ?? []
    const year = Number(birthRange(person.birth)[0].slice(0, 4))
    // Wider than the tolerance of any estimate (20 % of the age): it only spares comparisons.
    const reach = Math.max(3, 0.3 * (Number(on.slice(0, 4)) - year))
    const [family, given] = [nameKey(person.familyName), nameKey(person.givenName)]
    for (const known of this.#named(family, given)) if (isClose(known, person, year, reach)) yield known
    if (family !== given) for (const known of this.#named(given, family)) if (isClose(known, person, year, reach)) yield known
  }

  *#named(family: string, given: string): Generator<Entry> {
    const givens = this.#near.of(given)
    for (const nearFamily of this.#near.of(family)) {
      const ofFamily = this.#byKeys.get(nearFamily)
      if (ofFamily) for (const nearGiven of givens) yield* ofFamily.get(nearGiven) ?? []
    }
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}

// Names as written: another accent or capital is for a person to judge (the example register's own expectation).
const writingOf = ({ familyName, givenName, sex }: Person): string => `${familyName}|${givenName}|${sex}`

const cardsOf = ({ nina, amoNumber }: Person): string[] => [...(nina ? [`nina ${nina}`] : []), ...(amoNumber ? [`amo ${amoNumber}`] : [])]

// Another sex, or a birth far away, never reaches POSSIBLE without a card: not compared at all.
const isClose = (known: Entry, person: Person, year: number, reach: number): boolean =>
  Math.abs(known.year - year) <= reach && (known.person.sex === person.sex || Boolean(known.person.motherName && person.motherName))

/** Same names to the letter: is it the same person? Something must speak for it, and nothing against it. */
function isSame(a: Person, b: Person, on: string): boolean {
  const [phone, village, mother, nina, amo] = [
    compare(a.phone, b.phone),
    compare(fold(a.village), fold(b.village)),
    compare(fold(a.motherName), fold(b.motherName)),
    compare(a.nina, b.nina),
    compare(a.amoNumber, b.amoNumber),
  ]
  const all = [phone, village, mother, nina, amo]
  return all.every((one) => one !== 'other') && [phone, village, nina, amo].includes('same') && sameBirth(a.birth, b.birth, on)
}

const fold = (value: string | null | undefined): string | null => (value ? foldText(value) : null)

const compare = (a: string | null | undefined, b: string | null | undefined): 'same' | 'other' | undefined =>
  a && b ? (a === b ? 'same' : 'other') : undefined

const agreement = (a: Person, b: Person): number =>
  [compare(a.phone, b.phone), compare(fold(a.village), fold(b.village))].filter((one) => one === 'same').length

// Within this time an age may have been copied from the line before instead of being counted on.
const COPIED_DAYS = 62

/** Dates: one says the other, perhaps more exactly. Ages told: the same on the day of the visit, give or take one. */
function sameBirth(a: Birth, b: Birth, on: string): boolean {
  if (a.date !== undefined && b.date !== undefined) return a.date.startsWith(b.date) || b.date.startsWith(a.date)
  if (a.estimate && b.estimate && isCopied(a.estimate, b.estimate)) return true
  const [ageA, ageB] = [ageOn(a, on), ageOn(b, on)]
  if (ageA.unit === ageB.unit) return Math.abs(ageA.value - ageB.value) <= 1
  return Math.abs(inMonths(ageA) - inMonths(ageB)) <= (ageA.unit === 'years' || ageB.unit === 'years' ? 12 : 1)
}

type Estimate = NonNullable<Birth['estimate']>

const isCopied = (a: Estimate, b: Estimate): boolean =>
  a.value === b.value && a.unit === b.unit && Math.abs(Date.parse(a.on) - Date.parse(b.on)) <= COPIED_DAYS * 86_400_000

const inMonths = ({ value, unit }: Age): number => (unit === 'years' ? value * 12 : unit === 'months' ? value : value / 30)
