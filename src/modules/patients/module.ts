import { defineModule } from '../../platform/modules/index.ts'
import { text } from '../../shared/text.ts'
import { breakGlassRoutes } from './break-glass/routes.ts'
import { careTeamRoutes } from './care-team/routes.ts'
import { patientRoutes } from './routes.ts'

export const patients = defineModule({
  name: 'patients',
  title: text('Patients', 'Patients'),
  routes:
    ({ access }) =>
    async (app) => {
      await app.register(patientRoutes)
      await app.register(careTeamRoutes(access))
      await app.register(breakGlassRoutes)
    },
})
