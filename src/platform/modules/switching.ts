import type { Establishment, PlatformDb, Tenancy } from '#tenancy'
import { Problem, problem } from '../../shared/errors.ts'
import type { Language } from '../../shared/text.ts'
import type { EventActor } from '../audit/index.ts'
import { chooseModules, refuseUnknown, storedOf } from './choose.ts'
import type { ModuleDefinition } from './definition.ts'
import { choiceOf } from './enabled.ts'
import type { EstablishmentModules, ModuleChoices } from './schemas.ts'

type Choosing = {
  actor: EventActor
  slug: string
  choices: ModuleChoices
  all: readonly ModuleDefinition[]
  language: Language
}

type Change<T> = {
  change: () => Promise<T>
  /** Called in the transaction that takes it back. */
  takenBack?: (db: PlatformDb) => Promise<void>
}

/**
 * Makes `change`, unless a module that goes off with it is in use. It is asked before; and again when it is off, since somebody
 * may have begun something meanwhile: then the change is taken back. Whoever begins something later is refused.
 * @throws module_in_use with what must be ended first; invalid_input; whatever `change` throws
 */
export async function switching<T extends EstablishmentModules>(
  tenancy: Tenancy,
  { actor, slug, choices, all, language }: Choosing,
  { change, takenBack }: Change<T>,
): Promise<T> {
  refuseUnknown(choices.modules, all)
  await tenancy.directory.refresh()
  const before = tenancy.directory.findBySlug(slug)
  // One that is being prepared holds nothing, and one that is suspended or archived cannot be asked: nobody works there, and
  // what is open can be ended once both are on again. One that is not there is told by `change`.
  const going = before?.status === 'active' ? goingOff(before, choices, all) : []
  if (!before || going.length === 0) return change()
  await refuseInUse(tenancy, before, going)
  const changed = await change()
  try {
    await refuseInUse(tenancy, before, going)
  } catch (error) {
    const modules = Object.entries(before.modules).map(([name, choice]) => ({ name, ...choice }))
    await tenancy.platform
      .transaction('accounts', async (db) => {
        await chooseModules(db, actor, slug, { modules }, all, language, changed.version)
        await takenBack?.(db)
      })
      .catch((again: unknown) => {
        // Somebody else chose since, and was asked the same.
        if (!(again instanceof Problem && again.code === 'version_stale')) throw again
      })
    throw error
  }
  return changed
}

function goingOff(before: Establishment, { modules }: ModuleChoices, all: Choosing['all']): ModuleDefinition[] {
  const after = { type: before.type, modules: storedOf(modules) }
  return all.filter((one) => one.inUse && choiceOf(before, one).enabled && !choiceOf(after, one).enabled)
}

async function refuseInUse(tenancy: Tenancy, place: Establishment, going: readonly ModuleDefinition[]): Promise<void> {
  const tenant = tenancy.tenant(place)
  for (const { inUse } of going) {
    const detail = await tenant.transaction(async (db) => inUse?.(db))
    if (detail) throw problem('module_in_use', { detail })
  }
}
