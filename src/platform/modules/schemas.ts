import { Type, type Static } from 'typebox'
import { object } from '../../shared/schemas.ts'
import { Slug, type Right } from '../auth/index.ts'

const Name = Type.String({
  pattern: '^[a-z][a-z0-9-]{1,39}$',
  minLength: 2,
  maxLength: 40,
  description: 'The module’s name; never changes',
  examples: ['stays'],
})
const Mode = Type.String({
  pattern: '^[a-z][A-Za-z0-9]{1,39}$',
  minLength: 2,
  maxLength: 40,
  description: 'How a module is on that can be on in several ways',
  examples: ['full'],
})
const Title = Type.String({ description: 'In the language of the request', examples: ['Séjours'] })
const Enabled = Type.Boolean({ examples: [true] })

export const SlugParams = object({ slug: Slug })

export const Modules = object({
  items: Type.Array(
    object({
      name: Name,
      title: Title,
      enabled: Enabled,
      mode: Type.Optional(Mode),
      rights: Type.Array(
        Type.Unsafe<Right>(Type.String({ pattern: '^[a-z0-9-]+:[a-z-]+$', examples: ['patients:read'] })),
        { description: 'What this session may do there; empty where the module is off' },
      ),
    }),
    { maxItems: 100 },
  ),
  nextCursor: Type.Null({ description: 'Everything is on this page' }),
})
export type Modules = Static<typeof Modules>

const Choice = object({ name: Name, enabled: Enabled, mode: Type.Optional(Mode) })
export type Choice = Static<typeof Choice>

/** What the directory keeps of a choice, by module. */
export const StoredModules = Type.Record(Name, object({ enabled: Enabled, mode: Type.Optional(Mode) }), {
  maxProperties: 100,
})

export const ModuleChoices = object({
  modules: Type.Array(Choice, {
    maxItems: 100,
    description: 'What is chosen; a module that is not named is as the establishment’s type says',
  }),
})
export type ModuleChoices = Static<typeof ModuleChoices>

export const EstablishmentModules = object({
  version: Type.Integer({ minimum: 1, description: 'The establishment’s own' }),
  modules: Type.Array(
    object({
      name: Name,
      title: Title,
      enabled: Enabled,
      mode: Type.Optional(Mode),
      modes: Type.Array(object({ name: Mode, title: Title }), { description: 'The fullest one first' }),
      needs: Type.Array(Name, { description: 'Modules that must be on for it' }),
      chosen: Type.Boolean({ description: 'false: as the establishment’s type says' }),
    }),
    { maxItems: 100, description: 'Those that can be switched off, by name' },
  ),
})
export type EstablishmentModules = Static<typeof EstablishmentModules>
