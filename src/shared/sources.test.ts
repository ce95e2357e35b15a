import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
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
