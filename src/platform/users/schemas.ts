import { Type, type Static } from 'typebox'
import { Cursor, Limit, nullable, object, page, Reason, Timestamp, Uuid } from '../../shared/schemas.ts'
import { EstablishmentRoleName, Name, RoleName, Slug, Username } from '../auth/index.ts'

const Email = Type.String({
  // Each dot ends a part: with dots inside the parts a long address took time in the square of its length.
  pattern: '^[^\\s@]+@[^\\s@.]+([.][^\\s@.]+)+$',
  maxLength: 254,
  examples: ['a.coulibaly@example.org'],
})
const Phone = Type.String({ pattern: '^\\+[0-9]{8,15}$', maxLength: 20, examples: ['+22376123456'] })
const Roles = Type.Array(RoleName, { minItems: 1, maxItems: 5, uniqueItems: true, examples: [['SIS_CSREF']] })
export const AccountStatusName = Type.Enum(['invited', 'active', 'disabled'], { examples: ['active'] })

export const User = object({
  id: Uuid,
  username: Username,
  displayName: nullable(Type.String({ description: 'null until an invited person has accepted' })),
  email: nullable(Type.String()),
  phone: nullable(Type.String()),
  status: AccountStatusName,
  platformRole: nullable(RoleName),
  memberships: Type.Array(
    object({ establishment: Slug, role: EstablishmentRoleName, status: Type.Enum(['invited', 'active']) }),
    { description: 'For an administrator of an establishment: those in it' },
  ),
  version: Type.Integer({ minimum: 1 }),
  createdAt: Timestamp,
  updatedAt: Timestamp,
})
export type User = Static<typeof User>
export const UserPage = page(User)

const Link = object({
  token: Type.String(),
  url: Type.String({ description: 'Path of the page where the person chooses a password; works once' }),
  expiresAt: Timestamp,
})
export const CreatedUser = object({
  ...User.properties,
  activation: nullable(Link),
})
export type CreatedUser = Static<typeof CreatedUser>
export const Reset = object({ activation: Link })
export const FactorReset = object({ reason: Reason })

export const NewUser = object({
  username: Username,
  displayName: Type.Optional(Name),
  email: Type.Optional(Email),
  phone: Type.Optional(Phone),
  roles: Roles,
  establishment: Type.Optional(Slug),
  existing: Type.Optional(
    Type.Boolean({ description: 'true: invite the person who has this username; they must accept' }),
  ),
})
export type NewUser = Static<typeof NewUser>

export const UserChange = object(
  {
    displayName: Type.Optional(Name),
    email: Type.Optional(nullable(Email)),
    phone: Type.Optional(nullable(Phone)),
    roles: Type.Optional(
      Type.Array(EstablishmentRoleName, {
        maxItems: 5,
        uniqueItems: true,
        description: 'All roles in your establishment from now on; none: the person leaves it',
      }),
    ),
    status: Type.Optional(Type.Enum(['active', 'disabled'])),
    reason: Type.Optional(Reason),
  },
  { minProperties: 1 },
)
export type UserChange = Static<typeof UserChange>

export const UserQuery = object({
  role: Type.Optional(RoleName),
  status: Type.Optional(AccountStatusName),
  establishment: Type.Optional(Slug),
  limit: Type.Optional(Limit),
  cursor: Type.Optional(Cursor),
})
export type UserQuery = Static<typeof UserQuery>
