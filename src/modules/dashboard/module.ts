import { staff } from '../../platform/auth/index.ts'
import { defineModule, type ModuleRight } from '../../platform/modules/index.ts'
import type { NamesOf } from '../../shared/module-types.ts'
import { text } from '../../shared/text.ts'
import { dashboardRoutes } from './routes.ts'

const rights = {
  'dashboard:read': { roles: staff, does: 'voir le tableau de bord de l’établissement, sans le nom de personne' },
} as const satisfies Record<string, ModuleRight>

declare module '../../shared/module-types.ts' {
  interface ModuleRights extends NamesOf<typeof rights> {}
}

export const dashboard = defineModule({
  name: 'dashboard',
  title: text('Tableau de bord', 'Dashboard'),
  defaults: { hospital: 'on', csref: 'on', cscom: 'on', cabinet: 'on' },
  rights,
  tags: [{ name: 'dashboard', description: 'Tableau de bord : chiffres, courbes et ce qui attend' }],
  words: { resources: { dashboard: text('tableau de bord', 'dashboard') } },
  routes: () => dashboardRoutes,
})
