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

type Entry = Known & { traits: Traits; bornFrom: string; year: number; order: number }

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
    const entry = {
      ...known,
      traits: traitsOf(person),
      bornFrom,
      year: Number(bornFrom.slice(0, 4)),
      order: this.#count++,
    }
    const [family, given] = [nameKey(person.familyName), nameKey(person.givenName)]
    this.#near.add(family)
    this.#near.add(given)
    const ofFamily = this.#byKeys.get(family) ?? new Map<string, Entry[]>()
    this.#byKeys.set(family, ofFamily)
    push(ofFamily, given, entry)
    push(this.#byWriting, writingOf(person), entry)
    for (const card of cardsOf(person)) push(this.#byCard, card, entry)
    return entry
  }

  /**
   * Who a line of the register is about; somebody new is remembered for the lines to come.
   * @param on the day of the visit
   */
  recognise(person: Person, on: string, line: number, newId: () => string): Recognised {
    const traits = traitsOf(person)
    const same = (this.#byWriting.get(writingOf(person)) ?? [])
      .filter((known) => known.bornFrom <= on && isSame(known, person, traits, on))
      .sort((a, b) => agreeing(b.traits, traits) - agreeing(a.traits, traits) || a.order - b.order)[0]
    if (same) return { known: same, isNew: false }
    const proposal = this.#likest(person, traits, on)
    return { known: this.add({ id: newId(), person, line }), isNew: true, ...(proposal && { proposal }) }
  }

  #likest(person: Person, traits: Traits, on: string): { known: Known; score: number } | undefined {
    const scoreOf = duplicateScorer(person)
    let best: { known: Entry; score: number } | undefined
    for (const known of this.#candidates(person, on)) {
      if (!isWorthAsking(known, traits)) continue
      const score = scoreOf(known.person)
      if (
        score >= POSSIBLE &&
        (!best || score > best.score || (score === best.score && known.order < best.known.order))
      )
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
    if (family !== given)
      for (const known of this.#named(given, family)) if (isClose(known, person, year, reach)) yield known
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

const cardsOf = ({ nina, amoNumber }: Person): string[] => [
  ...(nina ? [`nina ${nina}`] : []),
  ...(amoNumber ? [`amo ${amoNumber}`] : []),
]

// Another sex, or a birth far away, never reaches POSSIBLE without a card: not compared at all.
const isClose = (known: Entry, person: Person, year: number, reach: number): boolean =>
  Math.abs(known.year - year) <= reach &&
  (known.person.sex === person.sex || Boolean(known.person.motherName && person.motherName))

/** What a record says besides names, sex and birth, in the form that is compared; null where it says nothing. */
type Traits = readonly (string | null)[]
const traitsOf = ({ phone, village, nina, amoNumber, motherName }: Person): Traits =>
  [phone, village && foldText(village), nina, amoNumber, motherName && foldText(motherName)].map(
    (trait) => trait || null,
  )

const agreeing = (a: Traits, b: Traits): number => a.filter((trait, i) => trait !== null && trait === b[i]).length
const differing = (a: Traits, b: Traits): number =>
  a.filter((trait, i) => trait !== null && b[i] !== null && trait !== b[i]).length

/** Same names to the letter: is it the same person? Phone, village or card must speak for it, and nothing against it. */
const isSame = (known: Entry, person: Person, traits: Traits, on: string): boolean =>
  differing(known.traits, traits) === 0 &&
  agreeing(known.traits.slice(0, 4), traits) > 0 &&
  sameBirth(known.person.birth, person.birth, on)

/**
 * Names and births alone say little where a few families are half of a district: of 5,000 made-up persons 415 would be
 * proposed, and 13 so. Something else must agree, or nothing else be known.
 */
const isWorthAsking = (known: Entry, traits: Traits): boolean =>
  agreeing(known.traits, traits) > 0 || differing(known.traits, traits) === 0

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

const inMonths = ({ value, unit }: Age): number =>
  unit === 'years' ? value * 12 : unit === 'months' ? value : value / 30
