// Names in Mali are written as they are heard: Coulibaly, Koulibali and Kulibaly are one family, and accents come and
// go between two visits. Two reductions: `foldText` forgets capitals, accents and punctuation; `nameKey` also forgets
// the spelling (French and Bambara orthographies of the same sounds).

// Controls, direction marks, zero-width spaces and soft hyphens come along when text is pasted: nobody sees them, and an
// override shows a text backwards. The joiners U+200C and U+200D stay: scripts and emoji are written with them.
const unseen = /[\u0080-\u0084\u0086-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/gu

// Words of visible letters that NFC leaves as they are, one space between two: nearly every cell of a register. Asking costs
// 0.1 µs, tidying 1.0.
const plain = /^[!-~\u00c0-\u017f]+(?: [!-~\u00c0-\u017f]+)*$/

/**
 * A name, or any line, as stored and shown: NFC, single spaces, nothing unseen. Capitals and accents stay as typed: the
 * person's own spelling.
 */
export const tidyName = (text: string): string =>
  plain.test(text)
    ? text
    : text
        .normalize('NFC')
        .replace(unseen, '')
        .replace(/[\s\u0085]+/gu, ' ')
        .trim()

// Letters of Bambara, Fulfulde and Soninke (ɛ ɔ ŋ ɲ ɓ ɗ ƴ) and French ligatures have no decomposition in Unicode.
const letters: Record<string, string> = {
  œ: 'oe',
  æ: 'ae',
  ß: 'ss',
  ɛ: 'e',
  ɔ: 'o',
  ŋ: 'n',
  ɲ: 'ny',
  ɓ: 'b',
  ɗ: 'd',
  ƴ: 'y',
}

/**
 * Lower-case letters and digits separated by single spaces, without accents nor the joiners and direction marks (Cf)
 * that no reader sees; idempotent.
 * "N'Diaye-Traoré" → "n diaye traore".
 */
export function foldText(text: string): string {
  let folded = ''
  let gap = false
  for (let i = 0; i < text.length; i++) {
    const letter = foldedLatin[text.charCodeAt(i)]
    if (letter === undefined) return foldAny(text)
    if (letter === ' ') gap = folded !== ''
    else if (letter !== '') {
      folded += gap ? ` ${letter}` : letter
      gap = false
    }
  }
  return folded
}

/** Under which two names or codes of a list are one, in so many letters; one without letter or digit is its own. */
export const foldedKey = (text: string, most: number): string => foldText(text).slice(0, most) || text.slice(0, most)

const foldAny = (text: string): string => foldSpaced(text).trim()

const foldSpaced = (text: string): string =>
  text
    .toLowerCase()
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[œæßɛɔŋɲɓɗƴ]/gu, (letter) => letters[letter] ?? letter)
    .replace(/[\p{M}\p{Cf}]/gu, '')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')

// Of U+0000 to U+017F, the letters of French, each is folded by itself (0.2 µs a name instead of 1.7): a space where it
// separates, nothing where nobody sees it. Left out are the few that become a letter and a separator (½).
const foldedLatin = Array.from({ length: 0x180 }, (_, code) => {
  const folded = foldSpaced(String.fromCharCode(code))
  return folded === ' ' || !folded.includes(' ') ? folded : undefined
})

// In order: a later rule sees what the earlier ones made. `x` stands for the sound of "ch", `q` for that of "gn".
const soundRules: [RegExp, string][] = [
  [/x/g, 'ks'],
  [/qu(?=[aeiouy])|q/g, 'k'],
  [/sch|sh|tch/g, 'x'], // Cheick, Sheick
  [/ch(?=[lrnm])/g, 'k'], // Christine
  [/ch/g, 'x'],
  [/ph/g, 'f'],
  [/h/g, ''], // silent: Cheikh, Thiam, Mahamadou/Mamadou, Yahya
  [/y/g, 'i'],
  [/gni?(?=[aeou])|ni(?=[aeou])/g, 'q'], // Niaré, Nyaré, Gnaré
  [/d?ji(?=[aeou])|dj|di(?=[aeou])/g, 'j'], // Diarra, Djarra, Jarra
  [/ti(?=[aeou])/g, 'x'], // Tiémoko, Tchémoko
  [/gu(?=[ei])/g, 'g'], // Guindo, Gindo
  [/ou|oo|w/g, 'u'],
  [/c(?=[ei])/g, 's'], // Cissé
  [/ck|c/g, 'k'],
  [/ai$|ei$/g, 'e'], // Touray
  [/(.)\1+/g, '$1'], // Traorre, Issa
]

const soundOf = (word: string): string => soundRules.reduce((w, [pattern, by]) => w.replace(pattern, by), word)

/**
 * The key under which spellings of one name meet: words of a–z and digits. Not unique: names are compared by
 * likeness of keys, and never by equality alone.
 * Source of the variants: research/health.md 2.3 and the register of the Djenné centre.
 */
export function nameKey(text: string): string {
  let key = keysKept.get(text)
  if (key === undefined) {
    if (keysKept.size >= MOST_KEYS) keysKept.clear()
    keysKept.set(text, (key = makeKey(text)))
  }
  return key
}

// A register, and a search of duplicates, ask for the same few names again and again: 0.1 µs instead of 8.
const keysKept = new Map<string, string>()
const MOST_KEYS = 5_000

function makeKey(text: string): string {
  const joined = text
    .normalize('NFC')
    .replace(/ç/giu, 's')
    // N'Diaye, M'Bodj: the apostrophe is often left out.
    .replace(/(?<=^|\P{L})(\p{L})['’ʼ`´]\s*(?=\p{L})/gu, '$1')
  return foldText(joined).split(' ').map(soundOf).filter(Boolean).join(' ')
}

/**
 * What a search looks in: the names folded, then by their sound where that differs. Both, because a word being typed
 * has not its sound yet: "di" is the beginning of Diarra, whose key is "jara".
 */
export function searchKey(givenName: string, familyName: string): string {
  const names = `${givenName} ${familyName}`
  const [folded, key] = [foldText(names), nameKey(names)]
  return folded === key ? folded : `${folded} ${key}`
}

/** Whether a text has a letter: "…", "-" and "123" are no names. */
export const hasLetter = (text: string): boolean => /\p{L}/u.test(text)
