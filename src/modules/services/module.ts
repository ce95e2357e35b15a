import { staff } from '../../platform/auth/index.ts'
import { defineModule, type ModuleRight } from '../../platform/modules/index.ts'
import type { NamesOf } from '../../shared/module-types.ts'
import { text } from '../../shared/text.ts'
import { errors } from './errors.ts'
import { serviceRoutes } from './routes.ts'

const rights = {
  'services:read': { roles: staff, does: 'lire les listes de services et de spécialités' },
  'services:write': { roles: ['ADMIN_LOCAL'], does: 'tenir les listes de services et de spécialités' },
} as const satisfies Record<string, ModuleRight>

declare module '../../shared/module-types.ts' {
  interface ModuleErrors extends NamesOf<typeof errors> {}
  interface ModuleRights extends NamesOf<typeof rights> {}
}

export const services = defineModule({
  name: 'services',
  title: text('Services et spécialités', 'Services and specialties'),
  rights,
  errors,
  tags: [{ name: 'lists', description: 'Services, spécialités, CIM-10' }],
  routes: () => serviceRoutes,
})
