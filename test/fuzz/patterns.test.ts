import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { harness } from '../harness.ts'
import { isFull, random, seed } from '../size.ts'
import { distinct, literalsOf, patternsOf, sourcePatterns, type Pattern } from './patterns.ts'

// Its build in pure JavaScript: the others want a program of the platform, or Java.
process.env['RECHECK_BACKEND'] = 'pure'
const { checkSync } = await import('recheck')

const root = join(import.meta.dirname, '../..')
// What the requests meet. The command line and the supervisor read what their own machine gives them.
const facing = ['src/shared', 'src/platform', 'src/modules', 'src/tenancy'].map((folder) => join(root, folder))
const ofOwner = /^(?:owner|doctor)\//

/** What is wrong with a pattern: how its time grows, and a text that shows it. Undefined when it is linear. */
function slowness({ source, flags, where }: Pattern): string | undefined {
  // By its steps alone: it takes what is not done within a second for slow, on a machine that has other work too.
  const bounds = { timeout: 600_000, attackTimeout: null, incubationTimeout: null }
  const verdict = checkSync(source, flags.replace(/[dgy]/g, ''), bounds)
  if (verdict.status === 'safe') return undefined
  const how =
    verdict.status === 'vulnerable' ? `${verdict.complexity.type}, ${verdict.attack.pattern}` : verdict.error.kind
  return `${where}: /${source}/${flags}: ${how}`
}

async function all(): Promise<Pattern[]> {
  const { app } = await harness()
  const inSources = facing.flatMap((folder) => sourcePatterns(folder)).filter(({ where }) => !ofOwner.test(where))
  return distinct([...patternsOf(app.swagger(), 'openapi'), ...inSources])
}

test('no pattern that a request meets takes more than linear time', { timeout: 600_000 }, async (t) => {
  const patterns = await all()
  assert.ok(patterns.length > 60, `${patterns.length} patterns`)
  const choose = random('patterns')
  const chosen = isFull ? patterns : Array.from({ length: 4 }, () => choose.pick(patterns))
  t.diagnostic(`seed ${seed}, ${chosen.length} of ${patterns.length} patterns`)
  assert.deepEqual(chosen.map(slowness).filter(Boolean), [])
})

test('patterns are found where they stand, and those that backtrack are told (control)', () => {
  const source = `const a = /^(a+)+$/.test(b) // /no/
    const s = 'a/b/c' /* /no/ */
    const half = x / 2 / y
    if (/[/"]\\//gu.exec(s)) return s.split(/,\\s*/)`
  const found = literalsOf(source, 'x.ts')
  assert.deepEqual(
    found.map(({ source, flags }) => `/${source}/${flags}`),
    ['/^(a+)+$/', '/[/"]\\//gu', '/,\\s*/'],
  )
  assert.match(slowness(found[0]!) ?? '', /exponential/)
  const quadratic = patternsOf({ type: 'string', pattern: '^[^@]+@[^@]+[.][^@]+$' }, 'email')
  assert.match(quadratic.map(slowness).join(), /polynomial/)
})

test('no pattern is made at run time out of what somebody sent', () => {
  const files = facing.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !ofOwner.test(name))
      .map((name) => join(folder, name)),
  )
  assert.ok(files.length > 100)
  const making = files.filter((file) => /\bRegExp\s*\(/.test(readFileSync(file, 'utf8')))
  assert.deepEqual(making, [])
})
