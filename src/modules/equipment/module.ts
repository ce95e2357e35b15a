import { staff } from '../../platform/auth/index.ts'
import { defineModule, type ModuleRight } from '../../platform/modules/index.ts'
import type { NamesOf } from '../../shared/module-types.ts'
import { text } from '../../shared/text.ts'
import { exportRoute } from '../exchange/index.ts'
import { errors } from './errors.ts'
import { tellOverdue } from './overdue.ts'
import { equipmentRegister } from './register/index.ts'
import { equipmentRoutes } from './routes.ts'

const rights = {
  'equipment:read': { roles: staff, does: 'voir les équipements et leur état' },
  'equipment:write': { roles: ['ADMIN_LOCAL'], does: 'tenir la liste des équipements' },
} as const satisfies Record<string, ModuleRight>

declare module '../../shared/module-types.ts' {
  interface ModuleErrors extends NamesOf<typeof errors> {}
  interface ModuleRights extends NamesOf<typeof rights> {}
}

export const equipment = defineModule({
  name: 'equipment',
  title: text('Équipements', 'Equipment'),
  defaults: { hospital: 'on', csref: 'on', cscom: 'on', cabinet: 'on' },
  rights,
  errors,
  tags: [{ name: 'equipment', description: 'Équipements, pannes et maintenance' }],
  tables: {
    equipment: { about: 'technical', purpose: 'tenir les équipements', data: {} },
    equipment_state: { about: 'technical', purpose: 'savoir quels jours un équipement servait', data: {} },
  },
  words: {
    resources: { equipment: text('équipements', 'equipment') },
    verbs: { states: text('lecture des états', 'states read'), correct: text('correction', 'corrected') },
  },
  daily: tellOverdue,
  register: equipmentRegister,
  routes: () => async (app) => {
    await app.register(equipmentRoutes)
    await app.register(exportRoute(equipmentRegister))
  },
})
