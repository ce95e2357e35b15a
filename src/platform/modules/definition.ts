import type { TenantDb } from '#tenancy'
import { addErrors, type ErrorEntry } from '../../shared/error-catalogue.ts'
import type { ModuleParts } from '../../shared/module-types.ts'
import type { Text } from '../../shared/text.ts'
import type { Access } from '../auth/access.ts'
import { addRights, type EstablishmentType, type Role } from '../auth/rights.ts'
import { addRightNames } from '../auth/wordings.ts'
import type { Routes } from '../http/request.ts'

/** A right of a module: who has it, and what it lets a person do, in French, for the register of processing. */
export type ModuleRight = { readonly roles: readonly Role[]; readonly does: string }

/** What is handed to the routes of a module: the process, and every module of the application. */
export type ModuleContext = { readonly access: Access; readonly modules: readonly ModuleDefinition[] }

/**
 * All that a module is to the rest of the program: docs/architecture.md, “The form of a module”. One folder below
 * src/modules whose index.ts exports it, one migration, one line in app.ts.
 */
export type ModuleDefinition = ModuleParts & {
  /** Its folder below src/modules. */
  readonly name: string
  readonly title: Text
  /**
   * What it is where nobody has chosen: on (in its first mode), off, or a mode by name. Absent: it belongs to the core and
   * is never off.
   */
  readonly defaults?: Readonly<Record<EstablishmentType, 'on' | 'off' | (string & {})>>
  /** Ways in which it can be on, the fullest one first. */
  readonly modes?: Readonly<Record<string, Text>>
  /** Modules without which it is nothing: it is on only while they are. */
  readonly needs?: readonly string[]
  /**
   * Asked when it is to be switched off: what must be ended before, in a sentence. It first takes the locks of which whoever
   * begins something holds one, and then asks refuseSwitchedOff: they are held until it is off, so nothing begins unseen.
   */
  readonly inUse?: (db: TenantDb) => Promise<Text | undefined>
  readonly rights?: Readonly<Record<string, ModuleRight>>
  readonly errors?: Readonly<Record<string, ErrorEntry>>
  /** Groups of its routes in the documentation. */
  readonly tags?: readonly { readonly name: string; readonly description: string }[]
  readonly routes?: (context: ModuleContext) => Routes
}

const defined = new Map<string, ModuleDefinition>()

/**
 * Declares a module: its errors and rights join the one list and the one table.
 * @throws Error at start when a name, a right or an error is there already, or when a mode does not exist
 */
export function defineModule(definition: ModuleDefinition): ModuleDefinition {
  const { name, rights = {}, errors = {}, defaults = {}, modes = {} } = definition
  if (defined.has(name)) throw new Error(`the module ${name} is declared twice`)
  for (const value of Object.values<string>(defaults))
    if (!['on', 'off', ...Object.keys(modes)].includes(value)) throw new Error(`${name}: there is no mode ${value}`)
  const declared = Object.entries(rights)
  addRights(Object.fromEntries(declared.map(([right, { roles }]) => [right, roles])))
  addRightNames(Object.fromEntries(declared.map(([right, { does }]) => [right, does])))
  addErrors(errors)
  defined.set(name, definition)
  return definition
}

/** Of those that are loaded, the one of this name. @throws Error when there is none: a misspelt name is never “off” */
export function moduleNamed(name: string): ModuleDefinition {
  const found = defined.get(name)
  if (!found) throw new Error(`there is no module ${name}`)
  return found
}
