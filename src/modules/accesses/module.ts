import { defineModule } from '../../platform/modules/index.ts'
import { text } from '../../shared/text.ts'
import { accessRoutes } from './routes.ts'

export const accesses = defineModule({
  name: 'accesses',
  title: text('Accès à un dossier', 'Accesses to a file'),
  routes: ({ access, modules }) => accessRoutes(access, modules),
})
