import { agentRoles } from '../../platform/auth/index.ts'
import { defineModule, type ModuleRight } from '../../platform/modules/index.ts'
import type { NamesOf } from '../../shared/module-types.ts'
import { text } from '../../shared/text.ts'
import { errors } from './errors.ts'
import { breakGlassRoutes } from './break-glass/routes.ts'
import { careTeamRoutes } from './care-team/routes.ts'
import { patientRoutes } from './routes.ts'

const rights = {
  'patients:read': { roles: agentRoles, does: 'lire les dossiers des patients' },
  'patients:write': { roles: agentRoles, does: 'ouvrir et corriger un dossier, enregistrer une opposition' },
  'patients:delete': { roles: agentRoles, does: 'masquer un dossier' },
  'patients:export': { roles: agentRoles, does: 'copier ou imprimer des dossiers' },
  'patients:break-glass': { roles: agentRoles, does: 'ouvrir un dossier sensible en urgence, avec un motif' },
  'break-glass:review': { roles: ['ADMIN_LOCAL'], does: 'contrôler les ouvertures en urgence' },
} as const satisfies Record<string, ModuleRight>

declare module '../../shared/module-types.ts' {
  interface ModuleErrors extends NamesOf<typeof errors> {}
  interface ModuleRights extends NamesOf<typeof rights> {}
}

export const patients = defineModule({
  name: 'patients',
  title: text('Patients', 'Patients'),
  rights,
  errors,
  tags: [
    { name: 'patients', description: 'Patients' },
    { name: 'sensitive files', description: 'Dossiers sensibles : équipe soignante, accès d’urgence' },
    { name: 'patient rights', description: 'Droits du patient : accès, oppositions, copie' },
  ],
  words: {
    resources: {
      patient: text('dossier', 'file'),
      break_glass: text('accès d’urgence', 'emergency access'),
      glass: text('accès d’urgence', 'emergency access'),
      care_team: text('équipe soignante', 'caring team'),
      toCareTeam: text('équipe soignante', 'caring team'),
      fromCareTeam: text('équipe soignante', 'caring team'),
    },
  },
  routes:
    ({ access }) =>
    async (app) => {
      await app.register(patientRoutes)
      await app.register(careTeamRoutes(access))
      await app.register(breakGlassRoutes)
    },
})
