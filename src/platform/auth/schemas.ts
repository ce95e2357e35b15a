import { Type, type Static } from 'typebox'
import { Line, nullable, object, Timestamp, Uuid } from '../../shared/schemas.ts'
import { longest } from './password-rules.ts'
import { refreshTokenLength } from './refresh-tokens.ts'
import { establishmentRoles, establishmentTypes, roles, type Right } from './rights.ts'

export const Slug = Type.String({
  pattern: '^[a-z][a-z0-9_]{2,39}$',
  minLength: 3,
  maxLength: 40,
  description: 'The establishment’s name in addresses and tokens; never changes, never used again',
  examples: ['csref_djenne'],
})
export const Username = Type.String({
  pattern: '^[a-z0-9][a-z0-9._-]{2,63}$',
  minLength: 3,
  maxLength: 64,
  description: 'Lower case letters, digits, dot, hyphen, underscore',
  examples: ['a.coulibaly'],
})
export const RoleName = Type.Enum([...roles], { description: 'Role', examples: ['SIS_CSREF'] })
export const EstablishmentRoleName = Type.Enum([...establishmentRoles], { examples: ['SIS_CSREF'] })
export const TypeName = Type.Enum([...establishmentTypes], { examples: ['csref'] })
// By their form: which there are depends on the modules.
const RightName = Type.Unsafe<Right>(Type.String({ pattern: '^[a-z0-9-]+:[a-z-]+$', examples: ['patients:read'] }))

// Checked in full by password-rules.ts; an old password may have any length, so the bound here is only one of size.
export const TypedPassword = Type.String({ format: 'password', minLength: 1, maxLength: 1_000 })
export const NewPassword = Type.String({
  format: 'password',
  minLength: 1,
  maxLength: 2 * longest,
  description: '12 to 256 characters, not easy to guess; no rule of composition, a sentence will do',
  examples: ['le baobab parle au vent'],
})
export const RefreshToken = Type.String({
  pattern: '^[A-Za-z0-9_-]+$',
  minLength: 1,
  maxLength: 200,
  description: `Opaque, ${refreshTokenLength} characters`,
})

const PlaceName = object({ slug: Slug, name: Type.String(), type: TypeName })

export const Me = object({
  id: Uuid,
  username: Type.String(),
  displayName: Type.String(),
  email: nullable(Type.String()),
  phone: nullable(Type.String()),
  establishment: nullable(object({ id: Uuid, slug: Slug, name: Type.String(), type: TypeName })),
  role: nullable(RoleName),
  roles: Type.Array(RoleName, { description: 'All roles held here: their rights add up' }),
  rights: Type.Array(RightName),
  memberships: Type.Array(
    object({ establishment: PlaceName, roles: Type.Array(EstablishmentRoleName), suspended: Type.Boolean() }),
  ),
  invitations: Type.Integer({ minimum: 0, description: 'How many wait for an answer: GET /api/v1/auth/invitations' }),
  breakGlassWaiting: Type.Optional(
    Type.Integer({
      minimum: 0,
      description: 'To whoever reviews them, from GET /auth/me: how many wait on GET /api/v1/break-glass?status=open',
    }),
  ),
  secondFactor: object({
    active: Type.Boolean(),
    required: Type.Boolean({
      description:
        'These roles demand one: while it is not active, the session may only enrol (POST /api/v1/auth/totp)',
    }),
    recoveryCodes: Type.Integer({ minimum: 0, description: 'How many are left' }),
  }),
})
export type Me = Static<typeof Me>

export const DeviceMark = Type.String({
  pattern: '^[A-Za-z0-9_-]+$',
  minLength: 1,
  maxLength: 100,
  description:
    'Opaque, kept by the client and shown as `device` at the next login of the same person: it is then not kept out by who guesses this person’s password from elsewhere. It opens nothing by itself',
})

export const Tokens = object({
  access_token: Type.String({ description: 'For Authorization: Bearer' }),
  token_type: Type.Literal('bearer'),
  expires_in: Type.Integer({ description: 'Seconds', examples: [600] }),
  refresh_token: RefreshToken,
  device_token: DeviceMark,
  user: Me,
})
export type Tokens = Static<typeof Tokens>

export const Login = object({
  username: Type.String({ minLength: 1, maxLength: 64, examples: ['csref_djenne.agent'] }),
  password: TypedPassword,
  establishment: Type.Optional(Slug),
  role: Type.Optional(RoleName),
  device: Type.Optional(DeviceMark),
})
export const Refresh = object({ refresh_token: RefreshToken })
export const ChangePassword = object({ currentPassword: TypedPassword, newPassword: NewPassword })
export const Switch = object({ establishment: Slug, role: Type.Optional(EstablishmentRoleName) })
export const Activate = object({
  token: Type.String({ pattern: '^[A-Za-z0-9_-]+$', minLength: 1, maxLength: 100 }),
  password: NewPassword,
})

export const Nothing = Type.Null({ description: 'Done; no content' })
export const KeySet = object({
  keys: Type.Array(
    object({
      kty: Type.Literal('OKP'),
      crv: Type.Literal('Ed25519'),
      x: Type.String(),
      kid: Type.String(),
      alg: Type.Literal('EdDSA'),
      use: Type.Literal('sig'),
    }),
  ),
})

// RFC 6749 4.3.2 and 6; what a form may hold besides is ignored there, so unknown fields pass here alone.
export const TokenForm = Type.Object(
  {
    grant_type: Type.String({ maxLength: 40, examples: ['password'] }),
    username: Type.Optional(Type.String({ maxLength: 64 })),
    password: Type.Optional(Type.String({ format: 'password', maxLength: 1_000 })),
    refresh_token: Type.Optional(Type.String({ maxLength: 200 })),
    device: Type.Optional(Type.String({ maxLength: 100 })),
    scope: Type.Optional(Type.String({ maxLength: 200 })),
    client_id: Type.Optional(Type.String({ maxLength: 200 })),
    client_secret: Type.Optional(
      Type.String({ maxLength: 200, description: 'The code of the second factor, for a person who has one' }),
    ),
  },
  { additionalProperties: Type.String({ maxLength: 1_000 }), maxProperties: 20 },
)
export type TokenForm = Static<typeof TokenForm>

export const Session = object({
  id: Uuid,
  current: Type.Boolean({ description: 'The session of this request' }),
  establishment: nullable(object({ slug: Slug, name: Type.String() })),
  role: nullable(RoleName),
  userAgent: nullable(Type.String()),
  createdAt: Timestamp,
  lastUsedAt: Timestamp,
  expiresAt: Timestamp,
})
// Short lists, all on one page.
const LastPage = Type.Null({ description: 'Everything is on this page' })
export const Sessions = object({ items: Type.Array(Session, { maxItems: 100 }), nextCursor: LastPage })

export const Invitation = object({
  id: Uuid,
  establishment: PlaceName,
  role: EstablishmentRoleName,
  createdAt: Timestamp,
})
export const Invitations = object({ items: Type.Array(Invitation, { maxItems: 100 }), nextCursor: LastPage })
export const Answer = object({ accept: Type.Boolean() })

export const Id = object({ id: Uuid })
export const Name = Line(120, { examples: ['Aminata Coulibaly'] })
