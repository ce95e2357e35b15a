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

type FileNumber = { year: number; number: number }
export type Filed = Known & { fileNumber: FileNumber }
const keyOf = ({ year, number }: FileNumber): string => `${year}-${number}`

type Entry = Known & { traits: Traits; bornFrom: string; year: number; order: number }

/** Who share the keys of their names: by what else is said of them, and by which of it is said at all. */
type Block = { byTrait: Map<string, Entry[]>; bySaid: Map<number, Entry[]> }

// Where nearly everybody has the same names, looking at all of them would take the square of their number. Of one line so
// many are looked at, and so many of them compared: the newest of those with the same card, then phone, mother, village,
// then of whom nothing can agree. A register of a district meets about ten.
const [MOST_LOOKED_AT, MOST_COMPARED] = [500, 100]

/**
 * The persons of an establishment and of a register, in memory: 20,000 lines are compared without a question to the
 * database for each. Whoever is written in the same way, with nothing against it, is the same; whoever may be the
 * same is proposed and never merged.
 */
export class People {
  /** How many records were looked at so far: at most a fixed number for each line, whatever the names. */
  lookedAt = 0
  readonly #near = new NearNames()
  readonly #byKeys = new Map<string, Map<string, Block>>()
  /** By names as written with a trait, then by the year of birth. */
  readonly #byWriting = new Map<string, Map<number, Entry[]>>()
  readonly #byCard = new Map<string, Entry[]>()
  readonly #byNumber = new Map<string, Known>()
  #count = 0

  add(known: Known): void {
    const { person } = known
    const [bornFrom] = birthRange(person.birth)
    const traits = traitsOf(person)
    const entry = { ...known, traits, bornFrom, year: Number(bornFrom.slice(0, 4)), order: this.#count++ }
    const [family, given] = [nameKey(person.familyName), nameKey(person.givenName)]
    this.#near.add(family)
    this.#near.add(given)
    const ofFamily = this.#byKeys.get(family) ?? new Map<string, Block>()
    this.#byKeys.set(family, ofFamily)
    const block = ofFamily.get(given) ?? { byTrait: new Map(), bySaid: new Map() }
    ofFamily.set(given, block)
    const writing = writingOf(person)
    traits.forEach((trait, i) => {
      if (trait === null) return
      push(block.byTrait, `${i}${trait}`, entry)
      if (i >= CERTAIN_TRAITS) return
      const key = `${writing}|${i}${trait}`
      const years = this.#byWriting.get(key) ?? new Map<number, Entry[]>()
      this.#byWriting.set(key, years)
      push(years, entry.year, entry)
    })
    push(block.bySaid, saidIn(traits), entry)
    for (const card of cardsOf(person)) push(this.#byCard, card, entry)
  }

  /** Somebody who is found by the number of their file. */
  file({ fileNumber, ...known }: Filed): void {
    this.#byNumber.set(keyOf(fileNumber), known)
  }

  filed = (number: FileNumber | null): Known | undefined => (number ? this.#byNumber.get(keyOf(number)) : undefined)

  /**
   * Who a line of the register is about; somebody new is to be added once the line is kept.
   * @param on the day of the visit
   * @param numbered whose file's number the line gives
   */
  recognise(person: Person, on: string, line: number, newId: () => string, numbered?: Known): Recognised {
    if (numbered) return { known: numbered, isNew: false }
    const traits = traitsOf(person)
    const same = [...this.#writtenAlike(person, traits)]
      .filter((known) => known.bornFrom <= on && isSame(known, person, traits, on))
      .sort((a, b) => agreeing(b.traits, traits) - agreeing(a.traits, traits) || a.order - b.order)[0]
    if (same) return { known: same, isNew: false }
    const proposal = this.#likest(person, traits, on)
    return { known: { id: newId(), person, line }, isNew: true, ...(proposal && { proposal }) }
  }

  /** Those written alike of whom phone, village or card agrees; their births are at most three years apart (sameBirth). */
  #writtenAlike(person: Person, traits: Traits): Set<Entry> {
    const found = new Set<Entry>()
    const writing = writingOf(person)
    const year = Number(birthRange(person.birth)[0].slice(0, 4))
    let left = MOST_LOOKED_AT
    for (const i of byWeight) {
      const years = i < CERTAIN_TRAITS && traits[i] !== null && this.#byWriting.get(`${writing}|${i}${traits[i]}`)
      if (!years) continue
      for (let near = year - 3; near <= year + 3; near++)
        for (const known of newest(years.get(near), left)) {
          found.add(known)
          left--
        }
    }
    this.lookedAt += MOST_LOOKED_AT - left
    return found
  }

  #likest(person: Person, traits: Traits, on: string): { known: Known; score: number } | undefined {
    const scoreOf = duplicateScorer(person)
    const compared = new Set<Entry>()
    let best: { known: Entry; score: number } | undefined
    for (const known of this.#candidates(person, traits, on)) {
      if (compared.has(known)) continue
      if (compared.size >= MOST_COMPARED) break
      compared.add(known)
      const score = scoreOf(known.person)
      if (
        score >= POSSIBLE &&
        (!best || score > best.score || (score === best.score && known.order < best.known.order))
      )
        best = { known, score }
    }
    return best
  }

  *#candidates(person: Person, traits: Traits, on: string): Generator<Entry> {
    for (const card of cardsOf(person)) yield* newest(this.#byCard.get(card), MOST_COMPARED)
    const year = Number(birthRange(person.birth)[0].slice(0, 4))
    // Wider than the tolerance of any estimate (20 % of the age): it only spares comparisons.
    const reach = Math.max(3, 0.3 * (Number(on.slice(0, 4)) - year))
    let left = MOST_LOOKED_AT
    for (const list of this.#worthAsking(person, traits)) {
      for (const known of newest(list, left)) {
        left--
        this.lookedAt++
        if (isClose(known, person, year, reach)) yield known
      }
      if (left === 0) return
    }
  }

  /**
   * Names and births alone say little where a few families are half of a district: of 5,000 made-up persons 415 would be
   * proposed, and 13 so. Something else must agree, or nothing else be known of both.
   */
  *#worthAsking(person: Person, traits: Traits): Generator<readonly Entry[]> {
    const blocks = [...this.#named(nameKey(person.familyName), nameKey(person.givenName))]
    for (const i of byWeight) {
      if (traits[i] === null) continue
      for (const { byTrait } of blocks) yield byTrait.get(`${i}${traits[i]}`) ?? []
    }
    const said = saidIn(traits)
    for (const { bySaid } of blocks) for (const [others, list] of bySaid) if ((others & said) === 0) yield list
  }

  /** Whose names are near to these, also when they were swapped. */
  *#named(family: string, given: string): Generator<Block> {
    const [families, givens] = [this.#near.of(family), this.#near.of(given)]
    yield* this.#blocks(families, givens)
    if (family !== given) yield* this.#blocks(givens, families)
  }

  *#blocks(families: readonly string[], givens: readonly string[]): Generator<Block> {
    for (const family of families) {
      const ofFamily = this.#byKeys.get(family)
      if (!ofFamily) continue
      for (const given of givens) {
        const block = ofFamily.get(given)
        if (block) yield block
      }
    }
  }
}

/** At most so many of a list, the last ones first. */
function* newest(list: readonly Entry[] | undefined, most: number): Generator<Entry> {
  if (!list) return
  for (let i = list.length - 1; i >= Math.max(0, list.length - most); i--) yield list[i]!
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
const traitsOf = ({ phone, village, nina, amoNumber, motherName }: Person): Traits => [
  phone || null,
  (village && foldText(village)) || null,
  nina || null,
  amoNumber || null,
  (motherName && foldText(motherName)) || null,
]
// Phone, village, NINA and AMO: one of them must agree for two to be the same.
const CERTAIN_TRAITS = 4
// Of traits, those that say most first: NINA, AMO, phone, mother, village.
const byWeight = [2, 3, 0, 4, 1] as const

/** Which of them are said, a bit each. */
const saidIn = (traits: Traits): number =>
  traits.reduce((said, trait, i) => (trait === null ? said : said | (1 << i)), 0)

const agreeing = (a: Traits, b: Traits): number => a.filter((trait, i) => trait !== null && trait === b[i]).length
const differing = (a: Traits, b: Traits): number =>
  a.filter((trait, i) => trait !== null && b[i] !== null && trait !== b[i]).length

/** Same names to the letter: is it the same person? Phone, village or card must speak for it, and nothing against it. */
const isSame = (known: Entry, person: Person, traits: Traits, on: string): boolean =>
  differing(known.traits, traits) === 0 &&
  agreeing(known.traits.slice(0, CERTAIN_TRAITS), traits) > 0 &&
  sameBirth(known.person.birth, person.birth, on)

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
