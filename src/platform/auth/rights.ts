import type { ModuleRights } from '../../shared/module-types.ts'
import type { Text } from '../../shared/text.ts'

/**
 * Who may do what: the one table, of the core's rights and of those that the modules declare. A right is
 * `resource:action`; every route names one, and test/rights.test.ts walks all routes × all roles. The eight roles are the
 * vocabulary of the national prototype.
 */

export const agentRoles = ['SIH', 'SIS_CSREF', 'SIS_CSCOM', 'SIS_CABINET'] as const
export const platformRoles = ['SUPER_ADMIN', 'MINISTERE_SIS', 'SIS_INRSP'] as const
export const establishmentRoles = [...agentRoles, 'ADMIN_LOCAL'] as const
export const roles = [...establishmentRoles, ...platformRoles] as const
export const establishmentTypes = ['hospital', 'csref', 'cscom', 'cabinet'] as const

export type AgentRole = (typeof agentRoles)[number]
export type PlatformRole = (typeof platformRoles)[number]
export type EstablishmentRole = (typeof establishmentRoles)[number]
export type Role = (typeof roles)[number]
export type EstablishmentType = (typeof establishmentTypes)[number]

export const staff: readonly Role[] = [...agentRoles, 'ADMIN_LOCAL']
const national: readonly Role[] = ['MINISTERE_SIS', 'SIS_INRSP']

const coreRights = {
  'users:read': ['ADMIN_LOCAL', 'SUPER_ADMIN'],
  'users:write': ['ADMIN_LOCAL', 'SUPER_ADMIN'],
  'audit:read': ['ADMIN_LOCAL'],
  'establishments:read': [...staff, 'SUPER_ADMIN', ...national],
  'establishments:write': ['SUPER_ADMIN'],
  'modules:read': staff,
  'modules:write': ['SUPER_ADMIN'],
  'counts:read': national,
} as const satisfies Record<string, readonly Role[]>

export type Right = keyof typeof coreRights | keyof ModuleRights

const table: Record<string, readonly Role[]> = { ...coreRights }

/** Which roles have which right. */
export const rights = table as Readonly<Record<Right, readonly Role[]>>

/** Adds a module's rights (platform/modules). @throws Error for one that is there already */
export function addRights(added: Readonly<Record<string, readonly Role[]>>): void {
  for (const [right, held] of Object.entries(added)) {
    if (right in table) throw new Error(`the right ${right} is declared twice`)
    table[right] = held
  }
}

/** The rights that a person working under `held` has: the union over the roles. */
export function rightsOf(held: readonly Role[]): ReadonlySet<Right> {
  const names = Object.keys(rights) as Right[]
  return new Set(names.filter((right) => rights[right].some((role) => held.includes(role))))
}

const agentOf: Record<EstablishmentType, AgentRole> = {
  hospital: 'SIH',
  csref: 'SIS_CSREF',
  cscom: 'SIS_CSCOM',
  cabinet: 'SIS_CABINET',
}

/** The agents' role that an establishment of this type has: a CSCOM has no hospital agent. */
export function agentRoleOf(type: EstablishmentType): AgentRole {
  return agentOf[type]
}

// Without a platform role: those are foreign to every establishment.
const rank: Record<EstablishmentRole, number> = { SIH: 1, SIS_CSREF: 1, SIS_CSCOM: 1, SIS_CABINET: 1, ADMIN_LOCAL: 2 }

/** Whether `role` may be held in an establishment of this type at all. */
export function fits(role: Role, type: EstablishmentType): role is EstablishmentRole {
  return role === 'ADMIN_LOCAL' || role === agentOf[type]
}

/** Who runs an establishment or the platform, or sees the whole country, proves it by a code besides the password. */
const demanding: readonly Role[] = ['ADMIN_LOCAL', 'SUPER_ADMIN', 'MINISTERE_SIS', 'SIS_INRSP']

/** Whether somebody who holds these roles must have a second factor; for all others it is their own choice. */
export const demandsSecondFactor = (held: readonly Role[]): boolean => held.some((role) => demanding.includes(role))

/** Nobody grants a role above their own or foreign to the establishment's type. Platform roles grant nothing here. */
export function mayGrant(granter: Role, role: Role, type: EstablishmentType): boolean {
  if (!isEstablishmentRole(granter) || !fits(role, type)) return false
  return rights['users:write'].includes(granter) && rank[granter] >= rank[role]
}

/** The role that names a session when several are held and none was asked for: the agent's, as it is the daily work. */
export function mainRole(held: readonly EstablishmentRole[]): EstablishmentRole | undefined {
  return [...held].sort((a, b) => rank[a] - rank[b])[0]
}

export function isEstablishmentRole(role: string): role is EstablishmentRole {
  return (establishmentRoles as readonly string[]).includes(role)
}

export function isPlatformRole(role: string | null): role is PlatformRole {
  return (platformRoles as readonly (string | null)[]).includes(role)
}

export const roleNames: Record<Role, Text> = {
  SIH: { fr: 'Agent hospitalier', en: 'Hospital agent' },
  SIS_CSREF: { fr: 'Agent de CSRéf', en: 'Referral centre agent' },
  SIS_CSCOM: { fr: 'Agent de CSCOM', en: 'Community centre agent' },
  SIS_CABINET: { fr: 'Agent de cabinet médical', en: 'Private practice agent' },
  ADMIN_LOCAL: { fr: 'Administrateur de l’établissement', en: 'Establishment administrator' },
  SUPER_ADMIN: { fr: 'Administrateur de la plateforme', en: 'Platform administrator' },
  MINISTERE_SIS: { fr: 'Ministère de la Santé', en: 'Ministry of Health' },
  SIS_INRSP: { fr: 'Institut national de santé publique', en: 'National Institute of Public Health' },
}
