import { defineModule } from '../../platform/modules/index.ts'
import type { NamesOf } from '../../shared/module-types.ts'
import { text } from '../../shared/text.ts'
import { errors } from './errors.ts'
import { oppositionRoutes } from './routes.ts'

declare module '../../shared/module-types.ts' {
  interface ModuleErrors extends NamesOf<typeof errors> {}
}

export const oppositions = defineModule({
  name: 'oppositions',
  title: text('Oppositions au partage', 'Objections to sharing'),
  errors,
  words: { resources: { opposition: text('oppositions', 'objections') } },
  routes: () => oppositionRoutes,
})
