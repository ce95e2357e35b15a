/** Longer than any word of a language: a word that fits on no line is measured again for each of its lines (5,000 letters: 0.5 s). */
const tooLong = /[^\s\u200b]{60}(?=\S)/gu

// Besides line breaks, nothing that moves, hides or turns round what stands beside it on paper (Unicode Cc, and the
// marks of direction of UAX 9).
// eslint-disable-next-line no-control-regex -- these are the characters to be taken out
const unprintable = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

// A line never begins with a sign that French sets apart, nor breaks within an hour. Only between a word and such a sign:
// no text can be made of these that has no place to break.
const keptTogether = /(?<=[\p{L}\p{N})%]) (?=[:;?!»](?:\s|$))|(?<=») (?=[:;?!](?:\s|$))|(?<=«) (?=[\p{L}\p{N}(])/gu
const hour = /(?<=à \d{1,2}) h (?=\d\d\b)/g

/**
 * A text as it can be set: one kind of line break, no empty lines in a row, French spaces that do not break, places to
 * break in what has none.
 */
export const printable = (text: string): string =>
  text
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(unprintable, ' ')
    .replace(/\n{3,}/g, '\n\n')
    .replace(keptTogether, '\u00a0')
    .replace(hour, '\u00a0h\u00a0')
    .replace(tooLong, '$&\u200b')
