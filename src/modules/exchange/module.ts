import { defineModule } from '../../platform/modules/index.ts'
import { text } from '../../shared/text.ts'
import { exportRoutes } from './export/routes.ts'
import { importRoutes } from './import/routes.ts'

export const exchange = defineModule({
  name: 'exchange',
  title: text('Imports et exports', 'Imports and exports'),
  routes: () => async (app) => {
    await app.register(importRoutes)
    await app.register(exportRoutes)
  },
})
