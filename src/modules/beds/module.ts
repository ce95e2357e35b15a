import { agentRoles, staff } from '../../platform/auth/index.ts'
import { defineModule, type ModuleRight } from '../../platform/modules/index.ts'
import type { NamesOf } from '../../shared/module-types.ts'
import { text } from '../../shared/text.ts'
import { exportRoute } from '../exchange/index.ts'
import { errors } from './errors.ts'
import { bedRegister } from './register/index.ts'
import { bedRoutes } from './routes.ts'

const rights = {
  'beds:read': { roles: staff, does: 'voir les lits et leur état' },
  'beds:write': { roles: ['ADMIN_LOCAL'], does: 'tenir la liste des lits' },
  'beds:state': {
    roles: [...agentRoles, 'ADMIN_LOCAL'],
    does: 'dire l’état d’un lit (libre, en nettoyage, hors service)',
  },
} as const satisfies Record<string, ModuleRight>

declare module '../../shared/module-types.ts' {
  interface ModuleErrors extends NamesOf<typeof errors> {}
  interface ModuleRights extends NamesOf<typeof rights> {}
}

export const beds = defineModule({
  name: 'beds',
  title: text('Lits', 'Beds'),
  defaults: { hospital: 'on', csref: 'on', cscom: 'on', cabinet: 'off' },
  rights,
  errors,
  tables: {
    bed: { about: 'technical', purpose: 'savoir quels lits sont libres', data: {} },
    bed_opening: { about: 'technical', purpose: 'savoir quels jours un lit servait', data: {} },
  },
  tags: [{ name: 'beds', description: 'Lits, leur service et leur état' }],
  register: bedRegister,
  routes: () => async (app) => {
    await app.register(bedRoutes)
    await app.register(exportRoute(bedRegister))
  },
})
