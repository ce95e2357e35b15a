import { text, type Text } from '../../shared/text.ts'
import { commonWords } from './common-passwords.ts'

export const shortest = 12
export const longest = 256
// What must remain once common words, years, runs and the person's own names are taken out.
const leastOfOwn = 5

const tooShort = text(
  `Au moins ${shortest} caractères ; une phrase entière convient.`,
  `At least ${shortest} characters; a whole sentence will do.`,
)
const tooLong = text(`Au plus ${longest} caractères.`, `At most ${longest} characters.`)
const tooCommon = text(
  'Trop facile à deviner : ce mot de passe se compose surtout de mots courants, de suites, ou de noms qui vous désignent.',
  'Too easy to guess: this password is mostly made of common words, runs, or names that point to you.',
)
const same = text('Choisissez un autre mot de passe que le présent.', 'Choose another password than the present one.')
const unstorable = text(
  'Ce mot de passe contient un caractère illisible.',
  'This password contains an unreadable character.',
)

/**
 * Why a new password is refused, or undefined. Length and a blocklist, as NIST SP 800-63B and ASVS 5.0 6.2 ask: no rule of
 * composition, no expiry. Counted in characters after NFKC.
 * @param context names that an attacker tries first: username, name of the person, establishment
 * @param present the password that it replaces, when it is known
 */
export function refusePassword(password: string, context: readonly string[], present?: string): Text | undefined {
  if (!password.isWellFormed() || password.includes('\0')) return unstorable
  const characters = [...password.normalize('NFKC')].length
  if (characters < shortest) return tooShort
  if (characters > longest) return tooLong
  if (own(password, context) < leastOfOwn) return tooCommon
  if (present !== undefined && password.normalize('NFKC') === present.normalize('NFKC')) return same
  return undefined
}

/** How many different characters are the person's own: not from a known word, a year, a run or a repetition. */
function own(password: string, context: readonly string[]): number {
  const known = [...commonWords, ...context.flatMap(words)].sort((a, b) => b.length - a.length)
  const plain = fold(password)
  return Math.min(remains(plain, known), remains(unleet(plain), known))
}

function remains(plain: string, known: readonly string[]): number {
  // Signs between letters are no obstacle to who guesses; digits may be a phone number of one's own.
  let rest = plain.replace(/[^\p{L}\p{N}]/gu, '')
  for (const word of known) rest = rest.replaceAll(word, ' ')
  rest = withoutRuns(rest.replace(/(?:19|20)\d\d/g, ' ')).replaceAll(' ', '')
  return new Set(rest).size
}

// 1234, 4321, aaaa, abcd: three steps in a row of 0, +1 or -1.
function withoutRuns(value: string): string {
  const codes = [...value].map((character) => character.codePointAt(0) ?? 0)
  const inRun = codes.map(() => false)
  for (const step of [0, 1, -1])
    for (let start = 0; start + 2 < codes.length; start++)
      if ([1, 2].every((i) => codes[start + i] === codes[start]! + i * step)) inRun.fill(true, start, start + 3)
  return [...value].filter((_, i) => !inRun[i]).join('')
}

function fold(value: string): string {
  return value.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
}

const leet: Record<string, string> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '€': 'e',
  '!': 'i',
}
const unleet = (value: string): string => value.replace(/[013457@$€!]/g, (sign) => leet[sign] ?? sign)

const words = (name: string): string[] =>
  fold(name)
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word.length >= 3)
