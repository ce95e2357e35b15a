import { staff } from '../../platform/auth/index.ts'
import { defineModule, type ModuleDefinition, type ModuleRight } from '../../platform/modules/index.ts'
import type { NamesOf } from '../../shared/module-types.ts'
import { text } from '../../shared/text.ts'
import { errors } from './errors.ts'
import type { AnyRegister } from './declaration.ts'
import { exportRoute, patientExport } from './export/routes.ts'
import { importRoutes } from './import/routes.ts'
import { serviceRegister } from './lists/services.ts'

const rights = {
  // Which registers, their own rights say (`importRight`).
  'imports:read': { roles: staff, does: 'lire les rapports de reprise de ses registres ou listes' },
  'imports:write': { roles: staff, does: 'reprendre un registre (agents) ou une liste (administrateur)' },
} as const satisfies Record<string, ModuleRight>

declare module '../../shared/module-types.ts' {
  interface ModuleErrors extends NamesOf<typeof errors> {}
  interface ModuleRights extends NamesOf<typeof rights> {}
  interface ModuleParts {
    /** A register that establishments keep, as it is imported and exported; its module registers `exportRoute`. */
    readonly register?: AnyRegister
  }
}

/** The registers of all modules. */
export const registersOf = (modules: readonly ModuleDefinition[]): AnyRegister[] =>
  modules.flatMap(({ register }) => register ?? [])

export const exchange = defineModule({
  name: 'exchange',
  title: text('Imports et exports', 'Imports and exports'),
  rights,
  errors,
  tags: [{ name: 'exchange', description: 'Imports et exports' }],
  words: { resources: { import: text('registre importé', 'imported register') } },
  register: serviceRegister,
  routes:
    ({ modules }) =>
    async (app) => {
      await app.register(importRoutes(registersOf(modules)))
      await app.register(patientExport)
      await app.register(exportRoute(serviceRegister))
    },
})
