import { staff } from '../../platform/auth/index.ts'
import { defineModule, type ModuleRight } from '../../platform/modules/index.ts'
import type { NamesOf } from '../../shared/module-types.ts'
import { text } from '../../shared/text.ts'
import { tables } from './tables.ts'
import { errors } from './errors.ts'
import { notificationRoutes } from './routes.ts'

const rights = {
  'notifications:read': { roles: staff, does: 'lire les notifications qui leur sont adressées' },
} as const satisfies Record<string, ModuleRight>

declare module '../../shared/module-types.ts' {
  interface ModuleErrors extends NamesOf<typeof errors> {}
  interface ModuleRights extends NamesOf<typeof rights> {}
}

export const notifications = defineModule({
  name: 'notifications',
  title: text('Notifications', 'Notifications'),
  defaults: { hospital: 'on', csref: 'on', cscom: 'on', cabinet: 'on' },
  rights,
  errors,
  tags: [{ name: 'notifications', description: 'Notifications, lues une à une ou en direct' }],
  tables,
  words: { resources: { notification: text('notifications', 'notifications') } },
  routes: notificationRoutes,
})
