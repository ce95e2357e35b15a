import type { Establishment, Tenant } from '#tenancy'
import { problem, type Problem } from '../../shared/errors.ts'
import { text } from '../../shared/text.ts'
import { moduleNamed, type ModuleDefinition } from './definition.ts'

/** What an establishment has of a module. @property mode for a module that has modes, also while it is off */
export type ModuleState = { readonly enabled: boolean; readonly mode?: string }
type Chosen = Pick<Establishment, 'type' | 'modules'>

/** The choice that was made for this establishment, else the one by its type; what it needs is not looked at. */
export function choiceOf({ type, modules }: Chosen, { name, defaults, modes }: ModuleDefinition): ModuleState {
  if (!defaults) return { enabled: true }
  const known = Object.keys(modes ?? {})
  const byType = defaults[type]
  const { enabled, mode = byType } = modules[name] ?? { enabled: byType !== 'off' }
  return known.length === 0 ? { enabled } : { enabled, mode: known.includes(mode) ? mode : known[0]! }
}

/**
 * Whether an establishment works with a module, and in which mode: for its routes, and for whatever is done for it in the
 * background.
 * @throws Error when there is no module of this name
 */
export function moduleState(establishment: Chosen, name: string): ModuleState {
  const definition = moduleNamed(name)
  const { enabled, ...mode } = choiceOf(establishment, definition)
  return { enabled: enabled && (definition.needs ?? []).every((other) => isEnabled(establishment, other)), ...mode }
}

export const isEnabled = (establishment: Chosen, name: string): boolean => moduleState(establishment, name).enabled

/** @throws module_disabled */
export function refuseDisabled(establishment: Chosen, name: string): void {
  if (!isEnabled(establishment, name)) throw moduleDisabled(moduleNamed(name))
}

/**
 * The same by what is so now, for a transaction that holds already what `inUse` of this module waits for: what it begins is
 * either counted there, or refused here.
 * @throws module_disabled
 */
export async function refuseSwitchedOff(tenant: Tenant, name: string): Promise<void> {
  refuseDisabled(await tenant.current(), name)
}

export const moduleDisabled = ({ title }: ModuleDefinition): Problem =>
  problem('module_disabled', {
    detail: text(
      `Le module « ${title.fr} » n’est pas activé dans votre établissement : l’administration de la plateforme peut l’activer.`,
      `The module "${title.en}" is not switched on in your establishment: the platform's administration can switch it on.`,
    ),
  })
