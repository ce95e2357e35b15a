import { inflateSync } from 'node:zlib'

// Of the file that is being read.
const tables = new Map<string, Map<number, string>>()

type Part = { dictionary: string; stream: Buffer }

/**
 * The text of each page of a PDF of ours, a line for each piece that was set, read back through the fonts' own tables as a
 * reader does who looks for a word or copies a line.
 */
export function pdfPages(file: Buffer): string[] {
  tables.clear()
  const parts = partsOf(file)
  const tree = [...parts.values()].find(({ dictionary }) => /\/Type \/Pages\b/.test(dictionary))?.dictionary ?? ''
  const [, kids = ''] = /\/Kids \[([^\]]*)\]/.exec(tree) ?? []
  return [...kids.matchAll(/(\d+) 0 R/g)].map(([, id]) => {
    const page = parts.get(Number(id))!.dictionary
    const resources = referred(parts, page, 'Resources')
    const content = parts.get(Number(/\/Contents (\d+) 0 R/.exec(page)?.[1]))!.stream.toString('latin1')
    return textOf(parts, content, resources).join('\n')
  })
}

function partsOf(file: Buffer): Map<number, Part> {
  const text = file.toString('latin1')
  const parts = new Map<number, Part>()
  for (const match of text.matchAll(/^(\d+) 0 obj\n/gm)) {
    const begin = match.index + match[0].length
    const end = text.indexOf('\nendobj', begin)
    const body = text.slice(begin, end)
    const at = body.indexOf('\nstream\n')
    const dictionary = at < 0 ? body : body.slice(0, at)
    const length = Number(/\/Length (\d+)/.exec(dictionary)?.[1] ?? 0)
    const raw = file.subarray(begin + at + 8, begin + at + 8 + length)
    const stream = at < 0 ? Buffer.alloc(0) : dictionary.includes('FlateDecode') ? inflateSync(raw) : raw
    parts.set(Number(match[1]), { dictionary, stream })
  }
  return parts
}

/** A dictionary that stands in another one, or that it refers to. */
function referred(parts: Map<number, Part>, dictionary: string, name: string): string {
  const [, id] = new RegExp(`/${name} (\\d+) 0 R`).exec(dictionary) ?? []
  if (id !== undefined) return parts.get(Number(id))?.dictionary ?? ''
  const begin = dictionary.indexOf(`/${name} <<`)
  if (begin < 0) return ''
  for (let depth = 0, at = dictionary.indexOf('<<', begin); at < dictionary.length; at += 1) {
    if (dictionary.startsWith('<<', at)) depth += 1
    if (dictionary.startsWith('>>', at) && (depth -= 1) === 0) return dictionary.slice(begin, at + 2)
    if (/^(<<|>>)/.test(dictionary.slice(at, at + 2))) at += 1
  }
  return ''
}

function textOf(parts: Map<number, Part>, content: string, resources: string): string[] {
  const fonts = referred(parts, resources, 'Font')
  const lines: string[] = []
  let letters = new Map<number, string>()
  for (const [, font, array, single, form] of content.matchAll(
    /\/(F\d+) [\d.]+ Tf|\[([^\]]*)\] TJ|<([0-9a-f]*)> Tj|\/(\w+) Do/g,
  )) {
    if (font !== undefined) letters = lettersOf(parts, referred(parts, fonts, font))
    else if (form !== undefined) {
      const id = Number(new RegExp(`/${form} (\\d+) 0 R`).exec(referred(parts, resources, 'XObject'))?.[1])
      const part = parts.get(id)!
      lines.push(...textOf(parts, part.stream.toString('latin1'), referred(parts, part.dictionary, 'Resources')))
    } else {
      const codes = [...(array ?? `<${single}>`).matchAll(/<([0-9a-f]*)>/g)].map(([, hex]) => hex ?? '').join('')
      lines.push(codes.replace(/.{4}/g, (code) => letters.get(parseInt(code, 16)) ?? '\ufffd'))
    }
  }
  return lines
}

function lettersOf(parts: Map<number, Part>, font: string): Map<number, string> {
  const read = tables.get(font)
  if (read) return read
  const table = parts.get(Number(/\/ToUnicode (\d+) 0 R/.exec(font)?.[1]))?.stream.toString('latin1') ?? ''
  const letters = new Map<number, string>()
  for (const [, first = '', targets = ''] of table.matchAll(/<([0-9a-f]{4})> <[0-9a-f]{4}> \[([^\]]*)\]/g))
    for (const [index, [, units = '']] of [...targets.matchAll(/<([0-9a-f ]*)>/g)].entries())
      letters.set(
        parseInt(first, 16) + index,
        units.replace(/ /g, '').replace(/.{4}/g, (unit) => String.fromCharCode(parseInt(unit, 16))),
      )
  tables.set(font, letters)
  return letters
}
