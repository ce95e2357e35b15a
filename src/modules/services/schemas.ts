import { Type, type Static } from 'typebox'
import { ChangeReason, Cursor, Limit, Line, nullable, object, page, Reason, Uuid } from '../../shared/schemas.ts'

const Name = (example: string) =>
  Line(80, { description: 'Unique in the establishment, accents and capitals aside', examples: [example] })
const Active = Type.Boolean({ description: 'false: kept by old consultations, no longer offered for new ones' })

/** An entry of one of the establishment's own lists. */
export const ListEntry = object({
  id: Uuid,
  version: Type.Integer({ minimum: 1, description: 'Grows by one with each change; the ETag' }),
  name: Name('Médecine générale'),
  active: Active,
})
export type ListEntry = Static<typeof ListEntry>

export const ListEntryCreate = object(
  {
    id: Type.Optional(
      Type.Unsafe<string>({ ...Uuid, description: 'Chosen by the client, or made by the server when absent' }),
    ),
    name: Name('Médecine générale'),
    active: Type.Optional(Active),
  },
  { examples: [{ name: 'Médecine générale' }] },
)
export type ListEntryCreate = Static<typeof ListEntryCreate>

export const ListEntryUpdate = object(
  { name: Type.Optional(Name('Médecine générale')), active: Type.Optional(Active) },
  { minProperties: 1, description: 'Only what changes', examples: [{ active: false }] },
)
export type ListEntryUpdate = Static<typeof ListEntryUpdate>

const ward = {
  head: nullable(Line(120, { description: 'Who heads the service', examples: ['Dr Traoré'] })),
  unit: nullable(Line(80, { description: 'The unit that it belongs to', examples: ['Pôle mère-enfant'] })),
  capacity: nullable(
    Type.Integer({ minimum: 0, maximum: 10_000, description: 'How many patients it is meant to keep', examples: [12] }),
  ),
}
const optionalWard = {
  head: Type.Optional(ward.head),
  unit: Type.Optional(ward.unit),
  capacity: Type.Optional(ward.capacity),
}

/** An entry of the services: also who heads it, where it belongs and how many it keeps. */
export const Service = object({ ...ListEntry.properties, ...ward })
export type Service = Static<typeof Service>

export const ServiceCreate = object(
  { ...ListEntryCreate.properties, ...optionalWard },
  { examples: [{ name: 'Médecine générale', head: 'Dr Traoré', capacity: 12 }] },
)
export type ServiceCreate = Static<typeof ServiceCreate>

export const ServiceUpdate = object(
  { ...ListEntryUpdate.properties, ...optionalWard, changeReason: Type.Optional(ChangeReason) },
  { minProperties: 1, description: 'Only what changes; null clears', examples: [{ name: 'Médecine interne' }] },
)
export type ServiceUpdate = Static<typeof ServiceUpdate>

export const ServiceRemove = object({ reason: Reason })
export const Nothing = Type.Null({ description: 'Nothing' })
export const ServicePage = page(Service)
export type ServicePage = Static<typeof ServicePage>

/** What a list and its export are filtered by. */
export const ServiceFilters = object({
  q: Type.Optional(
    Line(80, { description: 'A part of the name; accents and capitals do not matter', examples: ['medecine'] }),
  ),
  active: Type.Optional(Type.Boolean({ description: 'Only the entries in use (true) or switched off (false)' })),
})
export type ServiceFilters = Static<typeof ServiceFilters>

export const ListQuery = object({
  ...ServiceFilters.properties,
  limit: Type.Optional(Limit),
  cursor: Type.Optional(Cursor),
})
export type ListQuery = Static<typeof ListQuery>

export const ListPage = page(ListEntry)
export type ListPage = Static<typeof ListPage>
