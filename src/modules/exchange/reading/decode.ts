import { problem } from '../../../shared/errors.ts'

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252'
export type Decoded = {
  text: string
  encoding: Encoding
  /** Nothing in the file said which encoding it is: accents are to be checked. */
  guessed: boolean
}

const marks: ['utf-8' | 'utf-16le' | 'utf-16be', number[]][] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
]
const startsWith = (bytes: Uint8Array, start: readonly number[]): boolean => start.every((byte, i) => bytes[i] === byte)

// ZIP (.xlsx, .ods) and OLE2 (.xls).
const workbooks = [
  [0x50, 0x4b, 0x03, 0x04],
  [0xd0, 0xcf, 0x11, 0xe0],
]

/**
 * The text of a file as spreadsheets write it: UTF-8 with or without byte-order mark, UTF-16 with one, else Windows-1252,
 * which is what a French Excel writes as plain "CSV".
 * @returns the text without the mark, its line ends all `\n`
 * @throws import_spreadsheet for a workbook, import_not_text for anything else that is not text
 */
export function decode(bytes: Uint8Array): Decoded {
  if (workbooks.some((signature) => startsWith(bytes, signature))) throw problem('import_spreadsheet')
  const marked = marks.find(([, mark]) => startsWith(bytes, mark))
  const { text, encoding } = marked ? { text: read(bytes, marked[0]), encoding: marked[0] } : readUnmarked(bytes)
  // No register holds control characters; binary files do.
  if (text === undefined || /[\0-\x08\x0e-\x1f\x7f]/.test(text)) throw problem('import_not_text')
  return { text: text.replace(/\r\n?/g, '\n'), encoding, guessed: encoding === 'windows-1252' }
}

function readUnmarked(bytes: Uint8Array): { text: string | undefined; encoding: Encoding } {
  const text = read(bytes, 'utf-8')
  return text === undefined ? { text: readWindows(bytes), encoding: 'windows-1252' } : { text, encoding: 'utf-8' }
}

// 0x80 to 0x9f of Windows-1252 (WHATWG encoding standard). TextDecoder of Node 20 reads them as control characters.
const windows = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ'
const readWindows = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString('latin1')
    .replace(/[\x80-\x9f]/g, (letter) => windows.charAt(letter.charCodeAt(0) - 0x80))

function read(bytes: Uint8Array, encoding: Exclude<Encoding, 'windows-1252'>): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
