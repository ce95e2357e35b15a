import { addMonths, daysBetween, monthsBetween } from './calendar.ts'
import { birthRange, type Birth } from './birth.ts'
import { foldText, nameKey } from './names.ts'
import { jaroWinkler } from './similarity.ts'

/** What two records of persons are compared by; phone, NINA and AMO in their stored form. */
export type Person = {
  familyName: string
  givenName: string
  sex: 'M' | 'F'
  birth: Birth
  phone?: string | null
  village?: string | null
  motherName?: string | null
  nina?: string | null
  amoNumber?: string | null
}

/**
 * From here on a person may be somebody known: creation asks. Same names, sex and birth without any other evidence
 * give 1; with another village and another phone 0.89; twins (another given name, all else equal) stay below.
 */
export const POSSIBLE = 0.8
/** From here on nothing that is known speaks against it: an import may say "seen before". */
export const CERTAIN = 0.95

// How much each field says when it agrees and when it differs. A shared phone says much (households of a few persons),
// a different one little: phones are lent, lost and changed. People move between villages; births do not change, but
// are told differently. A mother's name separates namesakes, and is often missing.
const weights = {
  name: { agrees: 6, differs: 6 },
  birth: { agrees: 2.5, differs: 4 },
  sex: { agrees: 1, differs: 3 },
  phone: { agrees: 2, differs: 0.7 },
  village: { agrees: 1, differs: 0.5 },
  mother: { agrees: 2, differs: 2 },
} as const

// A card's number is one person's: what a field-by-field comparison says then counts only upwards.
const SAME_NINA = 0.98
const SAME_AMO = 0.95
// Two cards with different numbers are two persons, but for a digit misread.
const OTHER_CARD = 0.7

/** How likely two records are one person: 0 (no) to 1 (all that is known agrees), with two decimals; symmetric. */
export const duplicateScore = (a: Person, b: Person): number => duplicateScorer(a)(b)

/** The same for one person against many: the person's keys are made once. */
export function duplicateScorer(person: Person): (other: Person) => number {
  const keys = keysOf(person)
  return (other) => scoreOf(person, keys, other, keysOf(other))
}

type Keys = { family: string; given: string; village: string; mother: string }

// An import compares each person with many: their keys are made once, and forgotten with them.
const keysKept = new WeakMap<Person, Keys>()

function keysOf(person: Person): Keys {
  let keys = keysKept.get(person)
  if (!keys) {
    const { familyName, givenName, village, motherName } = person
    keys = {
      family: nameKey(familyName),
      given: nameKey(givenName),
      village: village ? nameKey(village) : '',
      mother: motherName ? nameKey(motherName) : '',
    }
    keysKept.set(person, keys)
  }
  return keys
}

function scoreOf(a: Person, keysA: Keys, b: Person, keysB: Keys): number {
  const compared: [keyof typeof weights, number][] = [
    ['name', fullNameLikeness(keysA, keysB)],
    ['birth', birthLikeness(a.birth, b.birth)],
    ['sex', a.sex === b.sex ? 1 : 0],
  ]
  if (a.phone && b.phone) compared.push(['phone', a.phone === b.phone ? 1 : 0])
  if (keysA.village && keysB.village) compared.push(['village', placeLikeness(keysA.village, keysB.village)])
  if (keysA.mother && keysB.mother) compared.push(['mother', wordsLikeness(keysA.mother, keysB.mother)])
  let [sum, total] = [0, 0]
  for (const [field, likeness] of compared) {
    const weight = likeness >= 0.5 ? weights[field].agrees : weights[field].differs
    sum += likeness * weight
    total += weight
  }
  return Math.round(withCards(sum / total, a, b) * 100) / 100
}

function withCards(score: number, a: Person, b: Person): number {
  if (a.nina && a.nina === b.nina) return Math.max(score, SAME_NINA)
  if (a.amoNumber && a.amoNumber === b.amoNumber) return Math.max(score, SAME_AMO)
  const otherCard = (a.nina && b.nina) || (a.amoNumber && b.amoNumber)
  return otherCard ? score * OTHER_CARD : score
}

/**
 * Whether somebody who enters `person` has evidently them or their papers at hand: the same card, or all that is known
 * agreeing with the same phone or mother. Names and a birth alone can be guessed. @param score their duplicateScore
 */
export const isEvident = (person: Person, other: Person, score: number): boolean =>
  Boolean(person.nina && person.nina === other.nina) ||
  Boolean(person.amoNumber && person.amoNumber === other.amoNumber) ||
  (score >= CERTAIN &&
    (Boolean(person.phone && person.phone === other.phone) ||
      Boolean(person.motherName && other.motherName && foldText(person.motherName) === foldText(other.motherName))))

/** Whether two records give the same written name, but for capitals, accents and punctuation. */
export const sameWrittenName = (a: Person, b: Person): boolean =>
  foldText(a.familyName) === foldText(b.familyName) && foldText(a.givenName) === foldText(b.givenName)

// Also when family and given name were swapped, a common slip.
function fullNameLikeness(a: Keys, b: Keys): number {
  const straight = wordsLikeness(a.family, b.family) * givenLikeness(a.given, b.given)
  const swapped = wordsLikeness(a.family, b.given) * wordsLikeness(a.given, b.family)
  return Math.max(straight, swapped * 0.95)
}

// Forms of one given name too far apart for a comparison of letters (research/health.md 2.3).
const forms = [
  ['fatumata', 'fatimata', 'fatim', 'fatu', 'fatuma', 'fatima', 'fanta'],
  ['mamadu', 'moamed', 'moamadu', 'muamed', 'muamadu'],
  ['aisata', 'asetu', 'aisatu', 'asitan', 'asita', 'aisa'],
  ['kadija', 'kaja', 'kadijatu', 'kajatu'],
]
const formOf = new Map(forms.flatMap((group, i) => group.map((key) => [key, i] as const)))
const SAME_FORM = 0.9

/** Whether a given name, by its key, has forms that its letters do not tell. */
export const hasForms = (key: string): boolean => formOf.has(key)

/** Likeness of two given names by their keys (nameKey), 0 to 1; 0.9 for the forms of one name. */
export function givenLikeness(a: string, b: string): number {
  const form = formOf.get(a)
  const letters = wordsLikeness(a, b)
  return form !== undefined && form === formOf.get(b) ? Math.max(SAME_FORM, letters) : letters
}

// Unrelated names share 0.4 to 0.7 by Jaro–Winkler, so the scale starts at 0.7 (Amadou and Mamadou, two names: 0.94).
const FLOOR = 0.7

// Of two keys. The order of words says nothing: "Ben Ahmed" and "Ahmed Ben".
function wordsLikeness(a: string, b: string): number {
  const manyWords = a.includes(' ') || b.includes(' ')
  const best = Math.max(jaroWinkler(a, b), manyWords ? jaroWinkler(sortWords(a), sortWords(b)) : 0)
  return Math.max(0, (best - FLOOR) / (1 - FLOOR))
}

const sortWords = (key: string): string => key.split(' ').sort().join(' ')

const placeLikeness = (a: string, b: string): number => (wordsLikeness(a, b) >= 0.7 ? 1 : 0)

/**
 * Likeness of two births, 0 to 1: 1 where they may be the same day; from 1 to 0.5 over the tolerance of an estimate;
 * 0.5 for a date that one slip of the pen explains.
 */
export function birthLikeness(a: Birth, b: Birth): number {
  const [[fromA, toA], [fromB, toB]] = [birthRange(a), birthRange(b)]
  const gap = Math.max(0, daysBetween(toA, fromB), daysBetween(toB, fromA))
  if (gap === 0) return 1
  const tolerance = Math.max(toleranceOf(a), toleranceOf(b))
  if (gap <= tolerance) return 1 - (0.5 * gap) / tolerance
  return isSlip(a, b) ? 0.5 : 0
}

/**
 * By how many days an estimate may be wrong: 20 % of the age, at least 2 years for an age in years, 2 months for an
 * age in months, a week for one in days. None for a birth known by its date.
 */
export function toleranceOf({ estimate }: Birth): number {
  if (!estimate) return 0
  const [days, least] = { years: [365.25, 731], months: [30.44, 61], days: [1, 7] }[estimate.unit] as [number, number]
  return Math.ceil(Math.max(least, estimate.value * days * 0.2))
}

/**
 * The days between which the other birth may lie for `birthLikeness` to be above 0: what a search for candidates asks.
 * A quarter of the age covers the 20 % of the other record's estimate (an age of 60 may be told 75), and one month the
 * days that both roundings lose; two years, a slip.
 */
export function birthWindow(birth: Birth, today: string): [from: string, to: string] {
  const [from, to] = birthRange(birth)
  const months = Math.max(25, Math.ceil(monthsBetween(from, today) / 4) + 1)
  return [addMonths(from, -months), addMonths(to, months)]
}

// Two full dates with two of the three parts equal, or day and month swapped; two years known alone and 2 apart.
function isSlip(a: Birth, b: Birth): boolean {
  const [dateA, dateB] = [a.date ?? '', b.date ?? '']
  if (!dateA || !dateB) return false
  const [partsA, partsB] = [dateA.split('-'), dateB.split('-')]
  const yearsApart = Math.abs(Number(partsA[0]) - Number(partsB[0]))
  if (partsA.length < 3 || partsB.length < 3) return yearsApart <= 2
  const equal = partsA.filter((part, i) => part === partsB[i]).length
  const swapped = partsA[0] === partsB[0] && partsA[1] === partsB[2] && partsA[2] === partsB[1]
  return swapped || (equal === 2 && yearsApart <= 2)
}
