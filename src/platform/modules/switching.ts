import type { Establishment, Tenancy } from '#tenancy'
import { problem } from '../../shared/errors.ts'
import { refuseUnknown, storedOf } from './choose.ts'
import type { ModuleDefinition } from './definition.ts'
import { choiceOf } from './enabled.ts'
import type { ModuleChoices } from './schemas.ts'

type Choosing = { slug: string; choices: ModuleChoices; all: readonly ModuleDefinition[] }

/**
 * Makes `change`, unless a module that goes off with it is in use: while it is stored nobody begins anything there, and whoever
 * waited to is refused.
 * @param change stores the choice
 * @throws module_in_use with what must be ended first; invalid_input; whatever `change` throws
 */
export async function switching<T>(
  tenancy: Tenancy,
  { slug, choices, all }: Choosing,
  change: () => Promise<T>,
): Promise<T> {
  refuseUnknown(choices.modules, all)
  await tenancy.directory.refresh()
  const before = tenancy.directory.findBySlug(slug)
  // One that is being prepared holds nothing, and one that is suspended or archived cannot be asked: nobody works there, and
  // what is open can be ended once both are on again. One that is not there is told by `change`.
  const going = before?.status === 'active' ? goingOff(before, choices, all) : []
  if (!before || going.length === 0) return change()
  let changed: Promise<T> | undefined
  return tenancy.tenant(before).transaction(async (db) => {
    // Repeated since its connection was lost: it was asked before, and the choice is stored once.
    for (const { inUse } of changed ? [] : going) {
      const detail = await inUse?.(db)
      if (detail) throw problem('module_in_use', { detail })
    }
    return (changed ??= change())
  })
}

function goingOff(before: Establishment, { modules }: ModuleChoices, all: Choosing['all']): ModuleDefinition[] {
  const after = { type: before.type, modules: storedOf(modules) }
  return all.filter((one) => one.inUse && choiceOf(before, one).enabled && !choiceOf(after, one).enabled)
}
