// The eight roles, and who they are together, as the design has them: not from the code.

export const agents = ['SIH', 'SIS_CSREF', 'SIS_CSCOM', 'SIS_CABINET'] as const
export const all = [...agents, 'ADMIN_LOCAL', 'SUPER_ADMIN', 'MINISTERE_SIS', 'SIS_INRSP'] as const
export type Role = (typeof all)[number]
export type Rule = 'public' | readonly Role[]

export const administrator: Rule = ['ADMIN_LOCAL']
export const staff: Rule = [...agents, 'ADMIN_LOCAL']
export const managers: Rule = ['ADMIN_LOCAL', 'SUPER_ADMIN']
export const platform: Rule = ['SUPER_ADMIN']
export const national: Rule = ['MINISTERE_SIS', 'SIS_INRSP']
