import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { modules } from '../src/app.ts'
import type { ModuleDefinition } from '../src/platform/modules/index.ts'
import { fixtureNamed } from './modules.ts'

// A new module is one folder, one migration and one line in app.ts: what names a module elsewhere must be touched when it
// comes, changes or goes. What another module takes from its index.ts is a dependency of that one, not a touch; nor is a test
// that asks for something by the API, as any client does. The lists that tests walk are: they stand in the folder.

const root = join(import.meta.dirname, '..')
/** Made by a command from what is written elsewhere: `npm run db:types`. */
const generated = ['src/tenancy/tables.ts']
/** Takes from three modules' index.ts, as a module may: the demonstration tells one story of a ward through all of them. */
const story = 'src/demo/ward-load.ts'
const mostTouched = 2

type File = { path: string; text: string }

const files: File[] = ['src', 'migrations', 'test', 'scripts'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .filter((path) => /\.(ts|sql|mjs)$/.test(path) && !path.endsWith('.d.ts'))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') })),
)

const owned = ({ name }: ModuleDefinition): RegExp => new RegExp(`^migrations/tenant/\\d{4}_${name}\\.sql$`)

/** All that only this module says: its folder, tables, rights, codes and routes. */
function marksOf(definition: ModuleDefinition, routes: readonly string[], all: readonly File[]): string[] {
  const { name, rights = {}, errors = {} } = definition
  const sql = all.filter(({ path }) => owned(definition).test(path)).map(({ text }) => text)
  const tables = [...sql.join('\n').matchAll(/create table (\w+)/gi)].map(([, table]) => table!)
  const paths = new Set(routes.flatMap((route) => /\/api\/v1\/[a-z0-9-]+/.exec(route)?.[0] ?? []))
  return [
    `modules/${name}/`,
    ...[...Object.keys(rights), ...Object.keys(errors)].map((one) => `'${one}'`),
    ...tables.flatMap((table) =>
      ['From', 'Into', 'Join', 'Table'].flatMap((verb) => [`${verb}('${table}'`, `${verb}('${table} `]),
    ),
    ...paths,
  ]
}

/** The modules that take something from its index.ts, or from that of one which does. */
function dependentsOf(name: string, all: readonly File[], found = new Set<string>()): Set<string> {
  for (const { path, text } of all) {
    const other = /^src\/modules\/([^/]+)\//.exec(path)?.[1]
    if (other === undefined || other === name || found.has(other) || !text.includes(`/${name}/index.ts'`)) continue
    found.add(other)
    dependentsOf(other, all, found)
  }
  return found
}

/** The files outside a module's folder that name it, or something of its. */
function touchedBy(definition: ModuleDefinition, routes: readonly string[], all: readonly File[]): string[] {
  const folder = `src/modules/${definition.name}/`
  const marks = marksOf(definition, routes, all)
  const dependents = dependentsOf(definition.name, all)
  const isDependent = ({ path }: File): boolean => dependents.has(/^src\/modules\/([^/]+)\//.exec(path)?.[1] ?? '')
  return all
    .filter(({ path }) => !path.startsWith(folder) && ![...generated, story].includes(path) && !path.endsWith('.test.ts'))
    .filter((file) => owned(definition).test(file.path) || (marks.some((mark) => file.text.includes(mark)) && !isDependent(file)))
    .map(({ path }) => path)
} // prettier-ignore

const switchable = modules.filter(({ defaults }) => defaults)
const routesOf = (name: string): string[] => Object.keys(fixtureNamed(name)?.rights ?? {})

for (const definition of switchable)
  test(`the module ${definition.name} is its folder, a migration and a line in app.ts`, () => {
    const touched = touchedBy(definition, routesOf(definition.name), files)
    assert.ok(routesOf(definition.name).length > 0, 'no fixture')
    assert.ok(touched.includes('src/app.ts'), 'not in app.ts')
    assert.ok(touched.length <= mostTouched, touched.join('\n'))
  })

test('a file that names a module is found (control)', () => {
  const [definition] = switchable
  assert.ok(definition)
  const { name, rights = {}, errors = {} } = definition
  const [right, code] = [Object.keys(rights)[0], Object.keys(errors)[0]]
  const [route] = routesOf(name)
  const offenders = [
    { path: 'src/platform/x.ts', text: `if (has('${right}')) return` },
    { path: 'src/modules/icd10/x.ts', text: `throw problem('${code}')` },
    { path: 'src/demo/x.ts', text: `import { x } from '../modules/${name}/index.ts'` },
    { path: 'test/x.ts', text: `client.get('${route?.split(' ')[1]}')` },
    { path: `migrations/tenant/9999_${name}.sql`, text: 'create table of_its (id uuid)' },
    { path: 'src/platform/y.ts', text: `db.selectFrom('of_its')` },
  ]
  const found = touchedBy(definition, routesOf(name), offenders)
  assert.deepEqual(found, offenders.filter(({ text }) => !text.includes('undefined')).map(({ path }) => path)) // prettier-ignore
  const dependent = { path: 'src/modules/icd10/y.ts', text: `import { x } from '../${name}/index.ts'; may('${right}')` }
  assert.deepEqual(touchedBy(definition, routesOf(name), [dependent]), [])
})

test('every module has its folder’s name, and what it needs is there and on wherever it is', () => {
  for (const { name, needs = [], defaults } of modules) {
    assert.ok(files.some(({ path }) => path === `src/modules/${name}/index.ts`), name) // prettier-ignore
    for (const needed of needs) {
      const other = modules.find((one) => one.name === needed)
      assert.ok(other, `${name} needs ${needed}`)
      for (const [type, state] of Object.entries(defaults ?? {}))
        assert.ok(state === 'off' || other.defaults?.[type as 'cscom'] !== 'off', `${name}: ${type}`)
    }
  }
})
