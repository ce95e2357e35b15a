import { defineModule } from '../../platform/modules/index.ts'
import { text } from '../../shared/text.ts'
import { registersOf } from '../exchange/index.ts'
import { patientFileRoutes } from './routes.ts'
import { sectionsOf } from './section.ts'

export const patientFile = defineModule({
  name: 'patient-file',
  title: text('Copie du dossier', 'Copy of a file'),
  words: { resources: { patientFile: text('copie du dossier', 'copy of the file') } },
  routes: ({ access, modules }) =>
    patientFileRoutes(
      access,
      sectionsOf(modules),
      registersOf(modules).filter((one) => one.kind === 'patients'),
    ),
})
