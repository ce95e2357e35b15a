import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, test } from 'node:test'
import { errorsFile, renderErrors } from '../scripts/generate-errors.ts'

const root = join(import.meta.dirname, '..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string>>

const documents = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs'), { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
  'src/tenancy/README.md',
  'bench/README.md',
]
/** `[[document, found], …]` for every match of a pattern's first group. */
const found = (pattern: RegExp): [string, string][] =>
  documents.flatMap((document) =>
    [...read(document).matchAll(pattern)].map(([, match]): [string, string] => [document, match ?? '']),
  )

describe('the documents say what the code does', () => {
  test('docs/errors.md is the catalogue of errors', () => {
    assert.equal(readFileSync(errorsFile, 'utf8'), renderErrors(), 'npm run docs:errors')
  })

  test('docs/operations.md has every setting of config.ts, and no other', () => {
    const settings = [...read('src/config.ts').matchAll(/variable: '([A-Z_]+)'/g)].map(([, name]) => name ?? '')
    const section = read('docs/operations.md').split('## Settings')[1]?.split('\n## ')[0] ?? ''
    const rows = [...section.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, name]) => name ?? '')
    assert.ok(settings.length > 10)
    assert.deepEqual(rows.sort(), settings.sort())
    for (const [, , value] of read('src/config.ts').matchAll(/(default: |perMinute\()(\d+)/g))
      assert.ok(new RegExp(`\\| ${value} `).test(section), `default ${value}`)
  })

  test('docs/operations.md says what to do at each alarm of the journal, and no other', () => {
    const sources = readdirSync(join(root, 'src'), { recursive: true })
      .map(String)
      .filter((name) => name.endsWith('.ts') && !name.includes('.test.'))
      .map((name) => read(join('src', name)))
    const alarm = /\b(?:log|#log)\.(?:warn|error|fatal)\((?:[^;]*?, )?'([^']+)',?\s*\)/g
    const alarms = sources.flatMap((source) => [...source.matchAll(alarm)].map(([, message]) => message ?? ''))
    assert.ok(alarms.length >= 9, alarms.join(', '))
    const section = read('docs/operations.md').split('## Alarms')[1]?.split('\n## ')[0] ?? ''
    const rows = [...section.matchAll(/^\| `([^`]+)` +\|/gm)].map(([, name]) => name ?? '')
    assert.deepEqual(rows.sort(), [...new Set(alarms)].sort())
  })

  test('docs/operations.md has every metric, and no other', () => {
    const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts') && !name.includes('.test.')) // prettier-ignore
    const counted = /(?:meters\s*\.(?:counters|histograms)|meters\.(?:gauge|total))\(\s*'(sis_\w+)'/g
    const names = sources.flatMap((name) => [...read(join('src', name)).matchAll(counted)].map(([, metric]) => metric ?? '')) // prettier-ignore
    assert.ok(names.length > 15, names.join())
    const section = read('docs/operations.md').split('\n## Metrics')[1]?.split('\n## ')[0] ?? ''
    const rows = [...section.matchAll(/^\| `(sis_\w+)`/gm)].map(([, name]) => name ?? '')
    assert.deepEqual(rows.sort(), names.sort())
  })

  test('docs/decisions has every dependency with its version', () => {
    const decisions = read('docs/decisions/0005-dependencies.md')
    for (const [name, version] of Object.entries(manifest['dependencies'] ?? {}))
      assert.ok(new RegExp(`^\\| \`${name}\` +\\| ${version.replaceAll('.', '\\.')} `, 'm').test(decisions), name)
    for (const kind of ['devDependencies', 'optionalDependencies'])
      for (const name of Object.keys(manifest[kind] ?? {})) assert.ok(decisions.includes(`\`${name}\``), name)
    const listed = [...decisions.matchAll(/^\| `([^`]+)` +\| \d/gm)].map(([, name]) => name ?? '')
    assert.deepEqual(listed.sort(), Object.keys(manifest['dependencies'] ?? {}).sort())
  })

  test('compose.yaml tells SIS of its pooler, which serves transaction by transaction', () => {
    assert.match(read('deploy/pgbouncer/pgbouncer.ini'), /^pool_mode = transaction$/m)
    const sis = read('compose.yaml').split('\n  sis:\n')[1] ?? ''
    assert.match(sis, /DATABASE_URL: \S+@pgbouncer:/)
    assert.match(sis, /^ +SIS_POOLER: transaction$/m)
  })

  test('every link leads to a file, and every file that is named exists', () => {
    const links = found(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)
    assert.ok(links.length > 30)
    for (const [document, link] of links)
      assert.ok(existsSync(join(root, dirname(document), link)), `${document}: ${link}`)
    const files = found(/`((?:src|test|scripts|docs|bin|migrations|bench)\/[\w./-]*\.(?:ts|md|sql|mjs|py))`/g)
    assert.ok(files.length > 30)
    for (const [document, file] of files) assert.ok(existsSync(join(root, normalize(file))), `${document}: ${file}`)
  })

  test('every command that is named exists', () => {
    for (const [document, script] of found(/npm run ([\w:]+)/g))
      assert.ok(manifest['scripts']?.[script], `${document}: npm run ${script}`)
    const commands = readdirSync(join(root, 'src/cli'))
      .map((file) => read(join('src/cli', file)))
      .join('\n')
    for (const [document, command] of found(/npx sis ([a-z]+)/g))
      assert.ok(new RegExp(`\\.command\\('${command}\\b`).test(commands), `${document}: sis ${command}`)
  })

  test('the decisions are numbered without a gap', () => {
    const numbers = readdirSync(join(root, 'docs/decisions')).sort().map((name) => Number(name.slice(0, 4))) // prettier-ignore
    assert.deepEqual(numbers, numbers.map((_, index) => index + 1)) // prettier-ignore
  })
})
