import { asJson, type PlatformDb } from '#tenancy'
import { now } from '../../shared/clock.ts'
import { invalidInput, problem, type FieldError } from '../../shared/errors.ts'
import { say, text, type Language, type Text } from '../../shared/text.ts'
import { recordEvent, type EventActor } from '../audit/index.ts'
import type { EstablishmentType } from '../auth/rights.ts'
import { assertVersion } from '../http/index.ts'
import type { ModuleDefinition } from './definition.ts'
import { choiceOf, type ModuleState } from './enabled.ts'
import type { EstablishmentModules, ModuleChoices } from './schemas.ts'

type Stored = Record<string, { enabled: boolean; mode?: string }>
type Place = { type: EstablishmentType; modules: Stored }
type All = readonly ModuleDefinition[]

/** Those that can be switched off, by name. */
const switchable = (all: All): ModuleDefinition[] =>
  all.filter(({ defaults }) => defaults).sort((a, b) => (a.name < b.name ? -1 : 1))

const columns = ['id', 'slug', 'type', 'version', 'modules'] as const
type Row = { id: string; slug: string; type: string; version: number; modules: unknown }
const placeOf = ({ type, modules }: Row): Place => ({ type: type as EstablishmentType, modules: modules as Stored })

/** What an establishment has of each module. @throws establishment_not_found */
export async function readModules(
  db: PlatformDb,
  slug: string,
  all: All,
  language: Language,
): Promise<EstablishmentModules> {
  const row = await db.selectFrom('establishment').select(columns).where('slug', '=', slug).executeTakeFirst()
  if (!row) throw problem('establishment_not_found')
  return told(row.version, placeOf(row), all, language)
}

/**
 * Switches an establishment's modules; nothing of what they hold is touched. It stands on the establishment's own record.
 * @param expected the version that was read; undefined for an operator at the console
 * @throws establishment_not_found, version_stale, module_needed; invalid_input for a module or a mode that there is not
 */
export async function chooseModules(
  db: PlatformDb,
  actor: EventActor,
  slug: string,
  { modules: wished }: ModuleChoices,
  all: All,
  language: Language,
  expected?: number,
): Promise<EstablishmentModules> {
  refuseUnknown(wished, all)
  const row = await db
    .selectFrom('establishment')
    .select(columns)
    .where('slug', '=', slug)
    .forNoKeyUpdate()
    .executeTakeFirst()
  if (!row) throw problem('establishment_not_found')
  if (expected !== undefined) assertVersion(row, expected)
  const before = placeOf(row)
  const after = { ...before, modules: storedOf(wished) }
  refuseLacking(after, all)
  const version = row.version + 1
  await recordEvent(db, actor, {
    action: 'establishment.modules',
    outcome: 'success',
    establishmentId: row.id,
    targetType: 'establishment',
    targetId: slug,
    detail: changesOf(before, after, all),
  })
  await db
    .updateTable('establishment')
    .set({ modules: asJson(after.modules), version, updated_at: now().toISOString() })
    .where('id', '=', row.id)
    .execute()
  return told(version, after, all, language)
}

/** In the order of their names: the same choice is stored the same. */
export const storedOf = (wished: ModuleChoices['modules']): Stored =>
  Object.fromEntries(wished.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map(({ name, ...choice }) => [name, choice]))

function told(version: number, place: Place, all: All, language: Language): EstablishmentModules {
  return {
    version,
    modules: switchable(all).map((definition) => ({
      name: definition.name,
      title: say(definition.title, language),
      ...choiceOf(place, definition),
      modes: Object.entries(definition.modes ?? {}).map(([name, title]) => ({ name, title: say(title, language) })),
      needs: [...(definition.needs ?? [])],
      chosen: definition.name in place.modules,
    })),
  }
}

/** @throws invalid_input with the names and modes that there are */
export function refuseUnknown(wished: ModuleChoices['modules'], all: All): void {
  const right = switchable(all)
  const names = right.map(({ name }) => name).join(', ')
  const errors: FieldError[] = []
  const refuse = (index: number, field: string, message: Text): void => {
    errors.push({ path: `modules[${index}].${field}`, message })
  }
  for (const [index, { name, mode }] of wished.entries()) {
    const definition = right.find((one) => one.name === name)
    const modes = Object.keys(definition?.modes ?? {})
    if (!definition) {
      const isCore = all.some((one) => one.name === name)
      refuse(
        index,
        'name',
        isCore
          ? text(`Ce module est toujours activé. À choisir parmi : ${names}.`, `This module is always on. One of: ${names}.`) // prettier-ignore
          : text(`Ce module n’existe pas. À choisir parmi : ${names}.`, `There is no such module. One of: ${names}.`),
      )
    } else if (wished.findIndex((one) => one.name === name) < index)
      refuse(index, 'name', text('Ce module est nommé deux fois.', 'This module is named twice.'))
    else if (mode !== undefined && !modes.includes(mode))
      refuse(
        index,
        'mode',
        modes.length === 0
          ? text('Ce module n’a pas de modes.', 'This module has no modes.')
          : text(`À choisir parmi : ${modes.join(', ')}.`, `One of: ${modes.join(', ')}.`),
      )
  }
  if (errors.length > 0) throw invalidInput(...errors)
}

/** @throws module_needed: a module would be on without one that it needs */
function refuseLacking(place: Place, all: All): void {
  const isOn = (definition: ModuleDefinition): boolean => choiceOf(place, definition).enabled
  for (const definition of switchable(all).filter(isOn))
    for (const needed of all.filter(({ name }) => definition.needs?.includes(name)))
      if (!isOn(needed))
        throw problem('module_needed', {
          detail: text(
            `Le module « ${definition.title.fr} » (${definition.name}) a besoin du module « ${needed.title.fr} » (${needed.name}) : activez les deux, ou désactivez-les ensemble.`,
            `The module "${definition.title.en}" (${definition.name}) needs the module "${needed.title.en}" (${needed.name}): switch both on, or both off.`,
          ),
        })
}

const inWords = ({ enabled, mode }: ModuleState): string => (enabled ? (mode ?? 'on') : 'off')

/** What is another than before, by module: `on`, `off` or its mode. */
const changesOf = (before: Place, after: Place, all: All): Record<string, string> =>
  Object.fromEntries(
    switchable(all)
      .map((one) => [one.name, inWords(choiceOf(before, one)), inWords(choiceOf(after, one))] as const)
      .filter(([, was, is]) => was !== is)
      .map(([name, , is]) => [name, is]),
  )
