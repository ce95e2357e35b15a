import { Type, type Static } from 'typebox'
import { regions } from '../../shared/regions.ts'
import { Cursor, Limit, Line, nullable, object, page, Reason, Timestamp, Uuid } from '../../shared/schemas.ts'
import { Slug, TypeName } from '../auth/index.ts'

const Region = Type.Enum([...regions], {
  description: 'One of the 19 regions, or the District of Bamako',
  examples: ['Mopti'],
})
const Status = Type.Enum(['provisioning', 'active', 'suspended', 'archived', 'failed'], { examples: ['active'] })
const Name = Line(160, { minLength: 2, examples: ['CSRéf de Djenné'] })
const Cercle = nullable(Line(80, { examples: ['Djenné'] }))
const HealthDistrict = nullable(Line(80, { examples: ['Djenné'] }))

export const Establishment = object({
  id: Uuid,
  slug: Slug,
  name: Name,
  type: TypeName,
  region: Type.String(),
  cercle: nullable(Type.String()),
  healthDistrict: nullable(Type.String()),
  status: Status,
  statusReason: nullable(Type.String()),
  demo: Type.Boolean({ description: 'Demonstration data' }),
  version: Type.Integer({ minimum: 1 }),
  createdAt: Timestamp,
  updatedAt: Timestamp,
})
export type Establishment = Static<typeof Establishment>
export const EstablishmentPage = page(Establishment)

export const NewEstablishment = object({
  slug: Slug,
  name: Name,
  type: TypeName,
  region: Region,
  cercle: Type.Optional(Cercle),
  healthDistrict: Type.Optional(HealthDistrict),
})
export type NewEstablishment = Static<typeof NewEstablishment>

export const EstablishmentChange = object(
  {
    name: Type.Optional(Name),
    region: Type.Optional(Region),
    cercle: Type.Optional(Cercle),
    healthDistrict: Type.Optional(HealthDistrict),
    status: Type.Optional(Type.Enum(['active', 'suspended', 'archived'])),
    reason: Type.Optional(Reason),
  },
  { minProperties: 1 },
)
export type EstablishmentChange = Static<typeof EstablishmentChange>

export const EstablishmentQuery = object({
  type: Type.Optional(TypeName),
  region: Type.Optional(Region),
  status: Type.Optional(Status),
  limit: Type.Optional(Limit),
  cursor: Type.Optional(Cursor),
})
export type EstablishmentQuery = Static<typeof EstablishmentQuery>

export const SlugParams = object({ slug: Slug })
