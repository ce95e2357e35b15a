import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { random, seed } from '../../test/size.ts'
import { packageRoot } from '../config.ts'
import { inSources } from './sources.ts'

/** Where the built program declares a function. */
function declared(name: string): string {
  const folder = join(packageRoot, 'dist')
  for (const file of readdirSync(folder).filter((one) => one.endsWith('.js'))) {
    const lines = readFileSync(join(folder, file), 'utf8').split('\n')
    const line = lines.findIndex((text) => text.includes(`function ${name}(`))
    if (line >= 0) return `${pathToFileURL(join(folder, file)).href}:${line + 1}:${lines[line]!.indexOf(name) + 1}`
  }
  throw new Error(`${name} is not in the built program`)
}

test('a call in the built program is told by its source, any other as it is', () => {
  assert.match(
    inSources(`at async createTenancy (${declared('createTenancy')})`),
    /^at async createTenancy \(src\/tenancy\/tenancy\.ts:\d+:\d+\)$/,
  )
  assert.match(inSources(`at ${declared('buildApp')}`), /^at src\/app\.ts:\d+:\d+$/)
  for (const call of ['at node:internal/timers:581:17', 'at f (file:///nowhere/a.js:1:1)', 'at f (/a b/c.js:1:1)'])
    assert.equal(inSources(call), call)
})

test('places are told as Node.js tells them', (t) => {
  const file = join(packageRoot, 'dist', 'server.js')
  const map = new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')) as SourceMapPayload)
  let compared = 0
  const [lines, choose] = [readFileSync(file, 'utf8').split('\n'), random('sources')]
  // Some of its 12,000 lines: each place is found by reading the map from its beginning.
  for (let i = 0; i < 100; i++) {
    const line = choose.int(0, lines.length - 1)
    const text = lines[line]!
    for (const column of [0, Math.floor(text.length / 2), text.length]) {
      const found = map.findEntry(line, column)
      // It goes on with the line before where one has no place of its own.
      if (!('originalSource' in found) || found.generatedLine !== line) continue
      compared++
      assert.equal(
        inSources(`at f (${pathToFileURL(file).href}:${line + 1}:${column + 1})`),
        `at f (${found.originalSource.replace(/^(\.\.\/)+/, '')}:${found.originalLine + 1}:${found.originalColumn + 1})`,
      )
    }
  }
  t.diagnostic(`seed ${seed}, ${compared} places`)
  assert.ok(compared > 100)
})
