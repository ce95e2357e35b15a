import { Type, type Static } from 'typebox'
import {
  ChangeReason,
  Cursor,
  described,
  Limit,
  nullable,
  object,
  page,
  Paragraph,
  Timestamp,
  Uuid,
} from '../../../shared/schemas.ts'
import { Alarm, VitalsOrNull, VitalsShown } from '../../consultations/index.ts'

const At = described(Timestamp, 'When it was observed: within the stay, not in the future')
const Notes = Paragraph(5_000, { description: 'What was observed', examples: ['Bonne nuit, a mangé, fièvre tombée'] })

/** An observation as the history keeps it. */
export const ObservationVersion = object({
  id: Uuid,
  version: Type.Integer({ minimum: 1, description: 'Grows by one with each change; the ETag' }),
  stayId: Uuid,
  patientId: Uuid,
  at: At,
  vitals: VitalsShown,
  notes: nullable(Notes),
  hidden: Type.Optional(Type.Literal(true)),
})
export type ObservationVersion = Static<typeof ObservationVersion>

export const Observation = object({
  id: Uuid,
  version: ObservationVersion.properties.version,
  stayId: Uuid,
  patientId: Uuid,
  at: At,
  vitals: VitalsShown,
  notes: nullable(Notes),
  alarms: Type.Array(Alarm, { maxItems: 9 }),
  createdBy: object({ id: nullable(Uuid), name: Type.String({ maxLength: 160 }) }),
  createdAt: Timestamp,
  updatedAt: Timestamp,
})
export type Observation = Static<typeof Observation>

const content = { vitals: Type.Optional(VitalsOrNull), notes: Type.Optional(nullable(Notes)) }

export const ObservationCreate = object(
  {
    id: Type.Optional(
      described(Uuid, 'Chosen by the client, so that it can repeat safely; made by the server when absent'),
    ),
    at: At,
    ...content,
  },
  { examples: [{ at: '2026-07-02T07:00:00.000Z', vitals: { temperature: 37.8, pulse: 92 }, notes: 'A bien dormi' }] },
)
export type ObservationCreate = Static<typeof ObservationCreate>

export const ObservationUpdate = object(
  { at: Type.Optional(At), ...content, changeReason: Type.Optional(ChangeReason) },
  {
    minProperties: 1,
    description: 'Only what changes; null clears. In `vitals` only the given measures change.',
    examples: [{ vitals: { temperature: 38.7 } }],
  },
)
export type ObservationUpdate = Static<typeof ObservationUpdate>

export const ObservationPath = object({ id: Uuid, observationId: Uuid })
export const ObservationQuery = object({ limit: Type.Optional(Limit), cursor: Type.Optional(Cursor) })
export type ObservationQuery = Static<typeof ObservationQuery>
export const ObservationPage = page(Observation)
export type ObservationPage = Static<typeof ObservationPage>
