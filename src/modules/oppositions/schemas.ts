import { Type, type Static } from 'typebox'
import { IsoDate, Line, nullable, object, Reason, Timestamp, Uuid } from '../../shared/schemas.ts'

export const scopes = ['establishments', 'statistics', 'research'] as const
export type Scope = (typeof scopes)[number]

const Scope = Type.Unsafe<Scope>({
  type: 'string',
  enum: [...scopes],
  description:
    'What the patient refuses: sharing with other `establishments`, use in national `statistics`, or in `research`',
  examples: ['research'],
})
const Author = object({ id: nullable(Uuid), name: Type.String({ maxLength: 160 }) })
const Why = Line(500, { description: 'Why, where the patient says so', examples: ['Souhaite rester discrète'] })

export const Opposition = object({
  id: Uuid,
  patientId: Uuid,
  scope: Scope,
  since: Type.Unsafe<string>({ ...IsoDate, description: 'The day on which the patient said so' }),
  reason: nullable(Why),
  recordedAt: Timestamp,
  recordedBy: Author,
  withdrawn: nullable(
    object({ at: Timestamp, by: Author, reason: Reason }, { description: 'When the patient took it back' }),
  ),
})
export type Opposition = Static<typeof Opposition>

/** An opposition counts once for its scope while it stands; those that were withdrawn stay listed. */
export const MAX_LISTED = 1_000

export const Oppositions = object({ items: Type.Array(Opposition, { maxItems: MAX_LISTED }) })

export const OppositionCreate = object({
  scope: Scope,
  since: Type.Optional(Type.Unsafe<string>({ ...IsoDate, description: 'Today when absent; not in the future' })),
  reason: Type.Optional(nullable(Why)),
})
export type OppositionCreate = Static<typeof OppositionCreate>

export const OppositionWithdraw = object({ reason: Reason })
export const OppositionsPath = object({ id: Uuid })
export const OppositionPath = object({ id: Uuid, oppositionId: Uuid })
export const Nothing = Type.Null({ description: 'Done' })
