import type { Right, Role } from './rights.ts'

const roleNames: Record<Role, string> = {
  SIH: 'Agent d’hôpital',
  SIS_CSREF: 'Agent de CSRéf',
  SIS_CSCOM: 'Agent de CSCOM',
  SIS_CABINET: 'Agent de cabinet',
  ADMIN_LOCAL: 'Administrateur de l’établissement',
  SUPER_ADMIN: 'Administrateur de la plateforme',
  MINISTERE_SIS: 'Ministère',
  SIS_INRSP: 'Institut national (INSP)',
}

/** A role as French documents call it; what is no role, such as the command line's, as it is. */
export const roleName = (role: string | null): string =>
  role === null ? '' : role === 'COMMAND_LINE' ? 'Ligne de commande' : (roleNames[role as Role] ?? role)

const coreNames = {
  'users:read': 'lire la liste des comptes',
  'users:write': 'créer des comptes, donner et retirer des rôles',
  'audit:read': 'lire le journal des accès',
  'establishments:read': 'lire l’annuaire des établissements',
  'establishments:write': 'ouvrir, suspendre et fermer un établissement',
  'modules:read': 'lire ce que l’établissement utilise de SIS',
  'modules:write': 'activer et désactiver les modules d’un établissement',
  'counts:read': 'lire des effectifs par région, jamais nominatifs',
} as const satisfies Partial<Record<Right, string>>

const names: Record<string, string> = { ...coreNames }

/** What a right lets a person do, in French, for the register of processing. */
export const rightNames = names as Readonly<Record<Right, string>>

/** Those of a module's rights. */
export function addRightNames(added: Readonly<Record<string, string>>): void {
  Object.assign(names, added)
}
