import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { remembered } from './remembered.ts'

/** What of a source map (Revision 3) says where the lines of a built file come from. */
type Origins = { sources: string[]; mappings: string }

const maps = new Map<string, Origins | undefined>()
const told = remembered<string>(500)

/**
 * A call of a trace as the sources have it: `at f (src/modules/patients/list.ts:12:3)` instead of a line of dist/, which is
 * made of hundreds of files. Read only when something has failed: Node's own source maps are read with every start, and its
 * SourceMap keeps 75 MB of this program's (64 MB and 0.5 s of them for the libraries' part alone).
 * A call elsewhere stays as it is.
 */
export const inSources = (call: string): string => told(call, () => placed(call))

function placed(call: string): string {
  const [, path = '', line, column] = /(file:\/\/[^():]+\.js):(\d+):(\d+)\)?$/.exec(call) ?? []
  const origins = path ? mapOf(path) : undefined
  const origin = origins && originOf(origins, Number(line) - 1, Number(column) - 1)
  if (!origin) return call
  const place = `${origin.source.replace(/^(\.\.\/)+/, '')}:${origin.line + 1}:${origin.column + 1}`
  return call.replace(`${path}:${line}:${column}`, place)
}

const digits = new Uint8Array(128)
for (const [n, digit] of Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/').entries())
  digits[digit.charCodeAt(0)] = n
const [comma, semicolon] = [0x2c, 0x3b]

/** Lines and columns are counted from 0. Each segment tells the differences from the one before, so all before are read. */
function originOf(
  { sources, mappings }: Origins,
  line: number,
  column: number,
): { source: string; line: number; column: number } | undefined {
  // The built column (anew on each line), the source, its line, its column.
  const at = [0, 0, 0, 0, 0]
  let [field, value, shift, builtLine] = [0, 0, 0, 0]
  let found: { source: string; line: number; column: number } | undefined
  for (let i = 0; i < mappings.length && builtLine <= line; i++) {
    const code = mappings.charCodeAt(i)
    if (code === comma || code === semicolon) {
      field = 0
      if (code === comma) continue
      builtLine++
      at[0] = 0
      continue
    }
    const digit = digits[code] ?? 0
    value |= (digit & 31) << shift
    shift += 5
    if (digit & 32) continue
    at[field]! += value & 1 ? -(value >> 1) : value >> 1
    field++
    value = shift = 0
    const source = sources[at[1]!]
    if (field === 4 && builtLine === line && at[0]! <= column && source !== undefined)
      found = { source, line: at[2]!, column: at[3]! }
  }
  return found
}

function mapOf(path: string): Origins | undefined {
  if (!maps.has(path)) maps.set(path, read(path))
  return maps.get(path)
}

function read(path: string): Origins | undefined {
  try {
    const { sources, mappings } = JSON.parse(readFileSync(`${fileURLToPath(path)}.map`, 'utf8')) as Origins
    return { sources, mappings }
  } catch {
    return undefined
  }
}
