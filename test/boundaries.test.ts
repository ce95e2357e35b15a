import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '..')
const source = join(root, 'src')

type File = { path: string; text: string; imports: string[] }

// Static and dynamic imports, and re-exports; types too: a type of another layer is a dependency on it.
const importPattern = /(?:from|import)\s*\(?\s*'([^']+)'/g

const files: File[] = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !/\.(test|fixture)\.ts$/.test(name))
  .map((name) => {
    const text = readFileSync(join(source, name), 'utf8')
    return {
      path: name.replaceAll('\\', '/'),
      text,
      imports: [...text.matchAll(importPattern)].map(([, target = '']) => target),
    }
  })

/** The imported file below src/, or the package's name. */
function resolve(from: string, target: string): string {
  if (target === '#tenancy') return 'tenancy/index.ts'
  return target.startsWith('.') ? normalize(join(dirname(from), target)) : target
}

// From the ground up. A file may import its own layer and those below; `tenancy` and `shared` see nothing above.
const layers = [
  ['shared'],
  ['tenancy'],
  ['platform'],
  ['modules'],
  ['demo'],
  ['app.ts'],
  ['config.ts', 'supervisor', 'cli', 'server.ts', 'main.ts'],
]
const layerOf = (path: string): number =>
  layers.findIndex((names) => names.some((name) => path === name || path.startsWith(`${name}/`)))
// Lists that are read by looking up, not from top to bottom.
const lists = new Set(['shared/error-catalogue.ts', 'tenancy/tables.ts'])
// The application is told its settings by type only; config.ts itself imports nothing of ours.
const allowed = new Set(['app.ts → config.ts'])

/** What breaks a rule of the layout, one line each. */
function violations(all: File[]): string[] {
  const found: string[] = []
  for (const { path, imports, text } of all) {
    const inTenancy = path.startsWith('tenancy/')
    if (layerOf(path) < 0) found.push(`${path}: belongs to no layer`)
    if (text.split('\n').length > 301 && !lists.has(path)) found.push(`${path}: more than 300 lines`)
    if (/process\.env\b/.test(text) && path !== 'config.ts') found.push(`${path}: reads process.env`)
    if (!inTenancy && /set_config|\bset (local |session )?role\b|\breset role\b|search_path/i.test(text))
      found.push(`${path}: speaks of roles or paths`)
    for (const target of imports) {
      const to = resolve(path, target)
      if (/^(pg|kysely|pg-.*)(\/|$)/.test(to) && !inTenancy) found.push(`${path} imports ${to}`)
      if (!to.includes('/') || !to.endsWith('.ts') || allowed.has(`${path} → ${to}`)) continue
      if (layerOf(to) > layerOf(path)) found.push(`${path} → ${to}: upwards`)
      if (to.startsWith('tenancy/') && !inTenancy && to !== 'tenancy/index.ts')
        found.push(`${path} → ${to}: only #tenancy is public`)
      const [own, other] = [/^modules\/([^/]+)\//.exec(path)?.[1], /^modules\/([^/]+)\//.exec(to)?.[1]]
      if (other && own !== other && !to.endsWith('/index.ts'))
        found.push(`${path} → ${to}: a module's public face is its index.ts`)
    }
  }
  return found
}

function firstCycle(all: File[]): string[] | undefined {
  const edges = new Map(
    all.map(({ path, imports }) => [
      path,
      imports.map((target) => resolve(path, target)).filter((to) => to.endsWith('.ts')),
    ]),
  )
  const done = new Set<string>()
  const visit = (path: string, trail: string[]): string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path]
    if (done.has(path)) return undefined
    for (const to of edges.get(path) ?? []) {
      const cycle = visit(to, [...trail, path])
      if (cycle) return cycle
    }
    done.add(path)
    return undefined
  }
  for (const path of edges.keys()) {
    const cycle = visit(path, [])
    if (cycle) return cycle
  }
  return undefined
}

test('the layout is kept: layers, public faces, one reader of the environment, one user of the driver', () => {
  assert.ok(files.length > 100, relative(root, source))
  assert.deepEqual(violations(files), [])
})

test('imports never go in a circle', () => {
  assert.equal(firstCycle(files), undefined)
})

test('each rule finds its offender (control)', () => {
  const offender = (path: string, text: string): File => ({
    path,
    text,
    imports: [...text.matchAll(importPattern)].map(([, target = '']) => target),
  })
  const offenders = [
    offender('modules/patients/x.ts', `import pg from 'pg'`),
    offender('modules/patients/x.ts', `const { sql } = await import('kysely')`),
    offender('modules/patients/x.ts', `import { openPool } from '../../tenancy/pool.ts'`),
    offender('modules/patients/x.ts', `import { toConsultation } from '../consultations/record.ts'`),
    offender('shared/x.ts', `import { x } from '../platform/http/index.ts'`),
    offender('platform/x.ts', `const p = process.env['PORT']`),
    offender('platform/x.ts', `const s = "select set_config('role', 'x', true)"`),
    offender('elsewhere/x.ts', ''),
  ]
  for (const one of offenders) assert.equal(violations([one]).length, 1, one.text)
  const circle = [offender('shared/a.ts', `import './b.ts'`), offender('shared/b.ts', `import './a.ts'`)]
  assert.deepEqual(firstCycle(circle), ['shared/a.ts', 'shared/b.ts', 'shared/a.ts'])
})
