import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export type Pattern = { source: string; flags: string; where: string }

// After these a slash begins a pattern; after a name, a number or a closing bracket it divides.
const before = /(?:^|[=(,:;!&|?{}[\n+>]|\b(?:return|typeof|case|in|of|do|else))\s*$/

/** The regular expressions written in a source, strings and comments left aside. */
export function literalsOf(text: string, where: string): Pattern[] {
  const found: Pattern[] = []
  let at = 0
  let code = ''
  const skip = (to: number, as = ' '): void => {
    at = to
    code += as
  }
  const after = (end: string, from: number): number => {
    const index = text.indexOf(end, from)
    return index < 0 ? text.length : index + end.length
  }
  while (at < text.length) {
    const sign = text[at] ?? ''
    if (text.startsWith('//', at)) skip(after('\n', at), '\n')
    else if (text.startsWith('/*', at)) skip(after('*/', at + 2))
    else if (sign === "'" || sign === '"') skip(endOfString(text, at, sign), 'x')
    else if (sign === '/' && before.test(code.slice(-40))) {
      const end = endOfPattern(text, at)
      const [flags = ''] = /^[a-z]*/.exec(text.slice(end)) ?? []
      found.push({ source: text.slice(at + 1, end - 1), flags, where })
      skip(end + flags.length, 'x')
    } else skip(at + 1, sign)
  }
  return found
}

function endOfString(text: string, from: number, quote: string): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === quote || text[at] === '\n') return at + 1
  }
  return text.length
}

function endOfPattern(text: string, from: number): number {
  let inClass = false
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '[') inClass = true
    else if (text[at] === ']') inClass = false
    else if ((text[at] === '/' && !inClass) || text[at] === '\n') return at + 1
  }
  return text.length
}

/** Every `pattern` of a schema or of a document of schemas. */
export function patternsOf(value: unknown, where: string): Pattern[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, part]) =>
    // As Ajv compiles it.
    key === 'pattern' && typeof part === 'string'
      ? [{ source: part, flags: 'u', where }]
      : patternsOf(part, `${where}.${key}`),
  )
}

/** Those of all the program's own sources. */
export const sourcePatterns = (folder: string): Pattern[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !/\.(test|fixture)\.ts$/.test(name))
    .flatMap((name) => literalsOf(readFileSync(join(folder, name), 'utf8'), name.replaceAll('\\', '/')))

/** Each but once. */
export const distinct = (all: Pattern[]): Pattern[] => [
  ...new Map(all.map((pattern) => [`/${pattern.source}/${pattern.flags}`, pattern])).values(),
]
