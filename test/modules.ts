import { existsSync, readdirSync } from 'node:fs'
import { extname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Random } from '../src/demo/random.ts'
import type { Hints } from './fuzz/values.ts'
import type { Plan } from './isolation/plan.ts'
import type { Found, Kind, Place } from './isolation/world.ts'
import type { Rule } from './roles.ts'

/** The kinds of records that modules make; each merges its own in. */
export interface ModuleKinds {}

export type KindFixture = {
  /** One that was never seen before. */
  make(place: Place): Promise<Found>
  /** A later version of it, so that theirs is none of ours; absent where there are no versions. */
  revise?(place: Place, made: Found): Promise<Found>
}

/** What the tests that walk all modules must know of one: `fixture` of src/modules/<name>/<name>.fixture.ts. */
export type ModuleFixture = {
  /** Who may use which route (`GET /api/v1/patients/:id`), from the design: test/rights.test.ts. */
  rights: Record<string, Rule>
  /** How each operation (`GET /api/v1/patients/{id}`) is asked: test/isolation/routes.test.ts. */
  plans: Record<string, Plan>
  kinds?: Record<string, KindFixture>
  /** What an identifier of this name in a path, a query or a body is. */
  parameters?: Record<string, Kind>
  /** What test/fuzz cannot know from the schemas. */
  fuzz?: {
    /** By kind of record and name of the field: values that fit each other. @param id one of that kind that exists */
    hints(id: (kind: string) => (choose: Random) => string): Record<string, Hints>
    /** By operation: what its schema lets out and it needs nevertheless. */
    needs?: Record<string, string[]>
  }
}

const folder = join(import.meta.dirname, '..', 'src', 'modules')
const fixtureOf = (name: string): string => join(folder, name, `${name}.fixture${extname(import.meta.filename)}`)
const named = readdirSync(folder).filter((name) => existsSync(fixtureOf(name)))

const byName = new Map(
  await Promise.all(
    named.map(async (name) => {
      const { fixture } = (await import(pathToFileURL(fixtureOf(name)).href)) as { fixture: ModuleFixture }
      return [name, fixture] as const
    }),
  ),
)

/** Of every module that has one. */
export const fixtures = [...byName.values()]
export const fixtureNamed = (name: string): ModuleFixture | undefined => byName.get(name)

/** The core's entries and those of the modules. @throws Error when one stands twice */
export function composed<T>(
  ofCore: Record<string, T>,
  ofModule: (fixture: ModuleFixture) => Record<string, T>,
): Record<string, T> {
  const all = { ...ofCore }
  for (const [name, entry] of fixtures.flatMap((one) => Object.entries(ofModule(one)))) {
    if (name in all) throw new Error(`${name} stands twice`)
    all[name] = entry
  }
  return all
}
