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
  const characters = [...value]
  const codes = characters.map((character) => character.codePointAt(0) ?? 0)
  const inRun = codes.map(() => false)
  for (const step of [0, 1, -1])
    for (let start = 0; start + 2 < codes.length; start++)
      if ([1, 2].every((i) => codes[start + i] === codes[start]! + i * step)) inRun.fill(true, start, start + 3)
  for (let start = 0; start + walkLength <= codes.length; start++)
    if (walked.has(characters.slice(start, start + walkLength).join(''))) inRun.fill(true, start, start + walkLength)
  return characters.filter((_, i) => !inRun[i]).join('')
}

// Neighbours on the keyboards (AZERTY, QWERTY) and on the telephone's, along rows, down columns, to and fro; and those that
// count in pairs. Four in a row are a run; three are in many a word.
const walkLength = 4
const walks = `
  azertyuiop qsdfghjklm wxcvbn qwertyuiop asdfghjkl zxcvbnm 147258369 159753 123654789 1q2w3e4r5t6y7u8i9o0p
  1a2z3e4r5t6y7u8i9o0p q1w2e3r4t5y6u7i8o9p0 a1z2e3r4t5y6u7i8o9p0 12qwaszx 12azqswx 1qaz2wsx3edc4rfv5tgb6yhn7ujm
  qazwsxedcrfvtgbyhnujm zaq1xsw2cde3vfr4bgt5nhy6 qweasdzxc 1qazxsw23edcvfr4 1aqw2zsx3edc4rfv5tgb6yhn7ujm
  aqwzsxedcrfvtgbyhnujm wqa1xsz2cde3vfr4 azeqsdwxc 1234qwerasdfzxcv 1234azerqsdfwxcv 112233445566778899
  102030405060708090 1a2b3c4d5e6f7g8h9i a1b2c3d4e5f6g7h8i9 aabbccddeeff 246810 135790
`
  .trim()
  .split(/\s+/)
const walked = new Set(
  walks.flatMap((walk) =>
    [walk, [...walk].reverse().join('')].flatMap((way) =>
      Array.from({ length: way.length - walkLength + 1 }, (_, start) => way.slice(start, start + walkLength)),
    ),
  ),
)

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
