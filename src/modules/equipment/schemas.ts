import { Type, type Static } from 'typebox'
import {
  ChangeReason,
  Cursor,
  IsoDate,
  Limit,
  Line,
  nullable,
  object,
  page,
  Reason,
  Timestamp,
  Uuid,
} from '../../shared/schemas.ts'

export const states = ['working', 'maintenance', 'outOfOrder', 'closed'] as const
export type State = (typeof states)[number]

const State = Type.Enum([...states], {
  type: 'string',
  description: 'closed: given away or written off; it stays on file and is no longer offered',
})
const Code = Line(30, {
  description: 'Unique in the establishment, accents and capitals aside',
  examples: ['ECHO-2'],
})
const Name = Line(120, { examples: ['Échographe portable'] })
const ServiceId = nullable(
  Type.Unsafe<string>({ ...Uuid, description: 'Where it stands; null: nowhere in particular' }),
)
const Day = (description: string) => Type.Unsafe<string>({ ...IsoDate, description })
const StateSince = Day('The first day of its present state')
const NextMaintenanceOn = nullable(Day('The day on which it is to be maintained; null: none is planned'))
const Version = Type.Integer({ minimum: 1, description: 'Grows by one with each change; the ETag' })

/** A state that it had from a day on, until the next one's. */
export const Period = object({ state: State, since: Day('The first day of this state') })
export type Period = Static<typeof Period>
/** As many as are kept. */
export const MOST_PERIODS = 500
const Periods = Type.Array(Period, { minItems: 1, maxItems: MOST_PERIODS, description: 'The oldest first' })

const versioned = {
  id: Uuid,
  version: Version,
  code: Code,
  name: Name,
  serviceId: ServiceId,
  state: State,
  stateSince: StateSince,
  nextMaintenanceOn: NextMaintenanceOn,
}

/** What its history keeps of it. */
export const EquipmentVersion = object({ ...versioned, states: Periods })
export type EquipmentVersion = Static<typeof EquipmentVersion>

export const Equipment = object({
  ...versioned,
  service: nullable(object({ id: Uuid, name: Type.String({ maxLength: 240, examples: ['Radiologie'] }) })),
  active: Type.Boolean({ description: 'It is not closed' }),
  overdue: Type.Boolean({ description: 'Its maintenance was due before today' }),
  daysUnavailable: Type.Integer({
    minimum: 0,
    description:
      'Days on which it was in maintenance or out of order, today included, since it is on file or between from and to; ' +
      'a day counts for the state that it ended with',
  }),
  createdAt: Timestamp,
  updatedAt: Timestamp,
})
export type Equipment = Static<typeof Equipment>

const period = {
  from: Type.Optional(Day('daysUnavailable counts from this day on')),
  to: Type.Optional(Day('daysUnavailable counts until this day, included')),
}
export const PeriodQuery = object(period)
export type PeriodQuery = Static<typeof PeriodQuery>

/** What the list and its export are filtered by. */
export const EquipmentFilters = object({
  q: Type.Optional(
    Line(80, { description: 'A part of code or name; accents and capitals do not matter', examples: ['echo'] }),
  ),
  state: Type.Optional(State),
  active: Type.Optional(Type.Boolean({ description: 'true: without what is closed; false: only that' })),
  overdue: Type.Optional(
    Type.Boolean({ description: 'true: only whose maintenance is overdue; false: only the others' }),
  ),
  serviceId: Type.Optional(Uuid),
  ...period,
})
export type EquipmentFilters = Static<typeof EquipmentFilters>

export const EquipmentQuery = object({
  ...EquipmentFilters.properties,
  limit: Type.Optional(Limit),
  cursor: Type.Optional(Cursor),
})
export type EquipmentQuery = Static<typeof EquipmentQuery>

export const EquipmentPage = page(Equipment)
export type EquipmentPage = Static<typeof EquipmentPage>

export const EquipmentStates = object({ version: Version, items: Periods })
export type EquipmentStates = Static<typeof EquipmentStates>

export const EquipmentCreate = object(
  {
    id: Type.Optional(
      Type.Unsafe<string>({ ...Uuid, description: 'Chosen by the client, or made by the server when absent' }),
    ),
    code: Code,
    name: Name,
    serviceId: Type.Optional(ServiceId),
    state: Type.Optional(State),
    stateSince: Type.Optional(StateSince),
    nextMaintenanceOn: Type.Optional(NextMaintenanceOn),
  },
  { examples: [{ code: 'ECHO-2', name: 'Échographe portable', nextMaintenanceOn: '2027-01-15' }] },
)
export type EquipmentCreate = Static<typeof EquipmentCreate>

export const EquipmentUpdate = object(
  {
    code: Type.Optional(Code),
    name: Type.Optional(Name),
    serviceId: Type.Optional(ServiceId),
    state: Type.Optional(State),
    stateSince: Type.Optional(
      Day('With state: since when it is so, not before the state that it had; today when absent'),
    ),
    nextMaintenanceOn: Type.Optional(NextMaintenanceOn),
    changeReason: Type.Optional(ChangeReason),
  },
  { minProperties: 1, description: 'Only what changes', examples: [{ state: 'outOfOrder' }] },
)
export type EquipmentUpdate = Static<typeof EquipmentUpdate>

export const StatesCorrection = object(
  { states: Periods, changeReason: ChangeReason },
  {
    description: 'All of its states as they really were',
    examples: [
      {
        states: [
          { state: 'working', since: '2026-01-05' },
          { state: 'outOfOrder', since: '2026-06-28' },
          { state: 'working', since: '2026-07-02' },
        ],
        changeReason: 'La panne datait du 28 juin',
      },
    ],
  },
)
export type StatesCorrection = Static<typeof StatesCorrection>

export const Removal = object({ reason: Reason })
export const EquipmentPath = object({ id: Uuid })
