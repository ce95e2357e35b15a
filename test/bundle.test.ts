import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { packageRoot } from '../src/config.ts'

const program = readFileSync(join(packageRoot, 'dist', 'server.js'), 'utf8')

test('V8 keeps the text of an HTTP process in one byte a character', () => {
  // Of a source of ours, scripts/bundle.mjs escapes them; a regular expression or a comment of a library would need the same.
  assert.deepEqual([...program.matchAll(/.{0,60}[^\0-\xff].{0,20}/g)].map(([where]) => where), []) // prettier-ignore
  assert.ok(program.length < 4_500_000, `${program.length} characters`)
})

test('an HTTP process loads what makes files when one is asked for', () => {
  for (const library of ['exceljs', 'pdfkit']) {
    assert.ok(program.includes(`import("${library}")`), library)
    assert.ok(!program.includes(`from"${library}"`) && !program.includes(`require("${library}")`), library)
  }
})
