import { agentRoles } from '../../platform/auth/index.ts'
import { defineModule, type ModuleRight } from '../../platform/modules/index.ts'
import type { NamesOf } from '../../shared/module-types.ts'
import { text } from '../../shared/text.ts'
import { exportRoute } from '../exchange/index.ts'
import { errors } from './errors.ts'
import { consultationRegister } from './register/index.ts'
import { consultationRoutes } from './routes.ts'

const rights = {
  'consultations:read': { roles: agentRoles, does: 'lire les consultations' },
  'consultations:write': { roles: agentRoles, does: 'écrire et corriger une consultation' },
  'consultations:delete': { roles: agentRoles, does: 'masquer une consultation' },
  'consultations:export': { roles: agentRoles, does: 'copier des consultations' },
} as const satisfies Record<string, ModuleRight>

declare module '../../shared/module-types.ts' {
  interface ModuleErrors extends NamesOf<typeof errors> {}
  interface ModuleRights extends NamesOf<typeof rights> {}
}

export const consultations = defineModule({
  name: 'consultations',
  title: text('Consultations', 'Consultations'),
  rights,
  errors,
  tags: [{ name: 'consultations', description: 'Consultations' }],
  words: { resources: { consultation: text('consultations', 'visits') } },
  register: consultationRegister,
  routes: () => async (app) => {
    await app.register(consultationRoutes)
    await app.register(exportRoute(consultationRegister))
  },
})
