import { defineModule } from '../../platform/modules/index.ts'
import { text } from '../../shared/text.ts'
import { consultationRoutes } from './routes.ts'

export const consultations = defineModule({
  name: 'consultations',
  title: text('Consultations', 'Consultations'),
  routes: () => consultationRoutes,
})
