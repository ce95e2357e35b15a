import { Type, type Static } from 'typebox'
import {
  ChangeReason,
  Cursor,
  described,
  IsoDate,
  Limit,
  Line,
  nullable,
  object,
  oneOf,
  page,
  Reason,
  Timestamp,
  Uuid,
} from '../../shared/schemas.ts'

export const bedStates = ['free', 'occupied', 'cleaning', 'outOfOrder'] as const
export type BedState = (typeof bedStates)[number]

const Code = Line(30, {
  description: 'Unique in the establishment, accents and capitals aside',
  examples: ['MED-04'],
})
const State = oneOf(bedStates, 'occupied: a patient is in it now; told by the stays and never set by hand')
const SetState = oneOf(
  ['free', 'cleaning', 'outOfOrder'],
  'Not while a patient is in it; one out of order takes nobody',
)
const Active = Type.Boolean({ description: 'false: closed; it takes nobody and counts as available no more' })
const OpenedOn = described(IsoDate, 'The first day of its present opening, or of its last one')
const ClosedOn = described(IsoDate, 'The first day on which it could no longer be used')
const Service = object({ id: Uuid, name: Type.String({ maxLength: 240, examples: ['Médecine générale'] }) })

/** A bed as the history keeps it. */
export const BedVersion = object({
  id: Uuid,
  version: Type.Integer({ minimum: 1, description: 'Grows by one with each change; the ETag' }),
  code: Code,
  serviceId: Uuid,
  state: State,
  active: Active,
  openedOn: OpenedOn,
  closedOn: nullable(ClosedOn),
})
export type BedVersion = Static<typeof BedVersion>

export const Bed = object({
  ...BedVersion.properties,
  service: Service,
  createdAt: Timestamp,
  updatedAt: Timestamp,
})
export type Bed = Static<typeof Bed>

export const BedCreate = object(
  {
    id: Type.Optional(described(Uuid, 'Chosen by the client, or made by the server when absent')),
    code: Code,
    serviceId: Uuid,
    state: Type.Optional(SetState),
    openedOn: Type.Optional(described(IsoDate, 'Since when it can be used: today unless said, not in the future')),
  },
  { examples: [{ code: 'MED-04', serviceId: '0198c0de-7a1b-7c2d-8e3f-0123456789ab' }] },
)
export type BedCreate = Static<typeof BedCreate>

export const BedUpdate = object(
  {
    code: Type.Optional(Code),
    serviceId: Type.Optional(described(Uuid, 'Moves the bed, from today on; not while a patient is in it')),
    active: Type.Optional(Type.Boolean({ description: 'false closes it from today on, true opens it again' })),
    openedOn: Type.Optional(
      described(IsoDate, 'Corrects the first day of its present or last opening; not after somebody lay there'),
    ),
    changeReason: Type.Optional(ChangeReason),
  },
  { minProperties: 1, description: 'Only what changes', examples: [{ active: false }] },
)
export type BedUpdate = Static<typeof BedUpdate>

export const BedStateChange = object({ state: SetState }, { examples: [{ state: 'cleaning' }] })
export const BedRemove = object({ reason: Reason })
export const BedPath = object({ id: Uuid })
export const Nothing = Type.Null({ description: 'Nothing' })

/** What the list and its export are filtered by. */
export const BedFilters = object({
  q: Type.Optional(Line(30, { description: 'A part of the code; accents and capitals do not matter' })),
  serviceId: Type.Optional(Uuid),
  state: Type.Optional(State),
  active: Type.Optional(Active),
})
export type BedFilters = Static<typeof BedFilters>

export const BedQuery = object({
  ...BedFilters.properties,
  limit: Type.Optional(Limit),
  cursor: Type.Optional(Cursor),
})
export type BedQuery = Static<typeof BedQuery>

export const BedPage = page(Bed)
export type BedPage = Static<typeof BedPage>
