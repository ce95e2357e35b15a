import { agentRoles, staff } from '../../platform/auth/index.ts'
import { defineModule, type ModuleRight } from '../../platform/modules/index.ts'
import type { NamesOf } from '../../shared/module-types.ts'
import { text } from '../../shared/text.ts'
import { tellUses } from '../beds/index.ts'
import { exportRoute } from '../exchange/index.ts'
import { keepInSight, tellTreating } from '../patients/index.ts'
import { keepOpen } from '../services/index.ts'
import { errors } from './errors.ts'
import { file } from './file.ts'
import { observationRoutes } from './observations/routes.ts'
import { occupancyRoutes } from './occupancy/routes.ts'
import { isNamed, isTaken, isUsedBetween, refuseInhabited } from './inhabited.ts'
import { refuseAdmitted } from './queries.ts'
import { stayRegister } from './register/index.ts'
import { stayRoutes } from './routes.ts'
import { countOpen } from './switch.ts'
import { tables } from './tables.ts'
import { treatingInStays } from './treating.ts'
import { wardRoutes } from './ward-routes.ts'

const rights = {
  'stays:read': { roles: agentRoles, does: 'lire les séjours et leurs observations' },
  'stays:write': { roles: agentRoles, does: 'admettre, transférer, observer, faire sortir, corriger un séjour' },
  'stays:delete': { roles: agentRoles, does: 'masquer un séjour, avec motif' },
  'stays:export': { roles: agentRoles, does: 'exporter le registre des séjours' },
  'occupancy:read': { roles: staff, does: 'voir l’occupation des lits et ses indicateurs' },
} as const satisfies Record<string, ModuleRight>

declare module '../../shared/module-types.ts' {
  interface ModuleErrors extends NamesOf<typeof errors> {}
  interface ModuleRights extends NamesOf<typeof rights> {}
}

keepInSight(refuseAdmitted, 'patient_admitted')
keepOpen(refuseInhabited)
tellUses({ isOccupied: isTaken, isUsedBetween, isNamed })
tellTreating(treatingInStays)

export const stays = defineModule({
  name: 'stays',
  title: text('Séjours', 'Stays'),
  defaults: { hospital: 'full', csref: 'full', cscom: 'observation', cabinet: 'off' },
  modes: {
    full: text('Hospitalisation', 'Full stays'),
    observation: text('Observation de courte durée', 'Short observation'),
  },
  needs: ['beds'],
  inUse: countOpen,
  rights,
  errors,
  words: {
    resources: {
      stay: text('séjours', 'stays'),
      observation: text('observations d’un séjour', 'observations of a stay'),
      bedBoard: text('tableau des lits', 'board of beds'),
    },
    verbs: {
      movements: text('lecture des lits et services occupés', 'reading of beds and services'),
      transfer: text('transfert', 'transfer'),
      discharge: text('sortie', 'discharge'),
      reopen: text('annulation de la sortie', 'undoing of the discharge'),
    },
  },
  tags: [
    { name: 'stays', description: 'Séjours : admission, transferts, observations, sortie' },
    { name: 'occupancy', description: 'Lits par service à l’instant, indicateurs d’une période' },
  ],
  register: stayRegister,
  tables,
  file,
  routes: () => async (app) => {
    await app.register(stayRoutes)
    await app.register(wardRoutes)
    await app.register(observationRoutes)
    await app.register(occupancyRoutes)
    await app.register(exportRoute(stayRegister))
  },
})
