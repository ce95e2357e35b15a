import type { Command } from 'commander'
import type { EstablishmentModules } from '../platform/modules/index.ts'
import { operator } from './operator.ts'
import { output } from './program.ts'

type Options = { json?: boolean }

/** `sis establishment modules`: what an establishment uses of SIS, shown or chosen. */
export function registerEstablishmentModules(group: Command): void {
  group
    .command('modules <identifiant> [choix...]')
    .description(
      'les modules d’un établissement ; « stays=off » désactive, « stays=on » ou « stays=observation » active, « stays=default » suit le type',
    ) // prettier-ignore
    .option('--json', 'résultat en JSON')
    .action((slug: string, choices: string[], { json }: Options) => choose(slug, choices, json))
}

async function choose(slug: string, choices: string[], json: boolean | undefined): Promise<void> {
  const [{ withDatabase }, { modules }, { chooseModules, readModules, switching }, { table }] = await Promise.all([
    import('./database.ts'),
    import('../app.ts'),
    import('../platform/modules/index.ts'),
    import('../supervisor/table.ts'),
  ])
  const wished = await wishesOf(choices)
  const state = await withDatabase(async ({ tenancy }) => {
    const { platform } = tenancy
    const present = await platform.read('accounts', (db) => readModules(db, slug, modules, 'fr'))
    if (wished.size === 0) return present
    const choices = { modules: merged(present.modules, wished) }
    return switching(tenancy, { slug, choices, all: modules }, () =>
      platform.transaction('accounts', (db) =>
        chooseModules(db, operator, slug, choices, modules, 'fr', present.version),
      ),
    )
  })
  const rows = state.modules.map(({ name, title, enabled, mode, chosen }) => [
    name,
    title,
    enabled ? (mode ?? 'on') : 'off',
    chosen ? 'choisi' : 'selon le type',
  ])
  output(json, state, table([['Module', 'Nom', 'État', 'D’où'], ...rows]))
}

/** @throws Failure for what is not `module=état` */
async function wishesOf(choices: string[]): Promise<Map<string, string>> {
  const { Failure } = await import('../supervisor/failure.ts')
  return new Map(
    choices.map((choice) => {
      const [, name, wish] = /^([a-z][a-z0-9-]{1,39})=([a-z][A-Za-z0-9]{1,39})$/.exec(choice) ?? []
      if (!name || !wish)
        throw new Failure(`« ${choice} » : attendu module=on, module=off, module=default ou module=mode.`)
      return [name, wish] as const
    }),
  )
}

/** What was chosen before and is not named now stays chosen. */
function merged(present: EstablishmentModules['modules'], wished: ReadonlyMap<string, string>) {
  const kept = present
    .filter(({ name, chosen }) => chosen && !wished.has(name))
    .map(({ name, enabled, mode }) => ({ name, enabled, ...(mode !== undefined && { mode }) }))
  const fresh = [...wished]
    // A name that there is not goes on, to be refused with those that there are.
    .filter(([name, wish]) => wish !== 'default' || present.every((one) => one.name !== name))
    .map(([name, wish]) => ({ name, enabled: wish !== 'off', ...(!['on', 'off'].includes(wish) && { mode: wish }) }))
  return [...kept, ...fresh]
}
