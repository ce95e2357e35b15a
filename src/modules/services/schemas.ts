import { Type, type Static } from 'typebox'
import { Cursor, Limit, Line, object, page, Uuid } from '../../shared/schemas.ts'

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

export const ListQuery = object({
  q: Type.Optional(
    Line(80, { description: 'A part of the name; accents and capitals do not matter', examples: ['medecine'] }),
  ),
  active: Type.Optional(Type.Boolean({ description: 'Only the entries in use (true) or switched off (false)' })),
  limit: Type.Optional(Limit),
  cursor: Type.Optional(Cursor),
})
export type ListQuery = Static<typeof ListQuery>

export const ListPage = page(ListEntry)
export type ListPage = Static<typeof ListPage>
