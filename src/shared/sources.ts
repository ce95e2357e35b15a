import { readFileSync } from 'node:fs'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { fileURLToPath } from 'node:url'

const maps = new Map<string, SourceMap | undefined>()

/**
 * A call of a trace as the sources have it: `at f (src/modules/patients/list.ts:12:3)` instead of a line of dist/, which is
 * made of hundreds of files. Read only when something has failed: Node's own source maps are read with every start.
 * A call elsewhere stays as it is.
 */
export function inSources(call: string): string {
  const [, path = '', line, column] = /(file:\/\/[^():]+\.js):(\d+):(\d+)\)?$/.exec(call) ?? []
  const found = path && mapOf(path)?.findEntry(Number(line) - 1, Number(column) - 1)
  if (!found || !('originalSource' in found)) return call
  const place = `${found.originalSource.replace(/^(\.\.\/)+/, '')}:${found.originalLine + 1}:${found.originalColumn + 1}`
  return call.replace(`${path}:${line}:${column}`, place)
}

function mapOf(path: string): SourceMap | undefined {
  if (!maps.has(path)) maps.set(path, read(path))
  return maps.get(path)
}

function read(path: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${fileURLToPath(path)}.map`, 'utf8')) as SourceMapPayload)
  } catch {
    return undefined
  }
}
