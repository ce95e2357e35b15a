import { Type, type Static } from 'typebox'
import { nullable, object, Reason, Timestamp, Uuid } from '../../../shared/schemas.ts'

const Name = Type.String({ maxLength: 160, examples: ['Awa Coulibaly'] })
const Person = object({ id: nullable(Uuid), name: Name })

export const Member = object({
  user: object({ id: Uuid, name: Name }),
  origin: Type.Enum(['marked', 'treated', 'added', 'admitted'], {
    type: 'string',
    description:
      'marked: set the mark; treated: wrote consultations in the twelve months before; added: by one of the team; ' +
      'admitted: let in when a break-glass was reviewed',
  }),
  reason: nullable(Type.String({ maxLength: 500 })),
  since: Timestamp,
  addedBy: Person,
  removed: Type.Optional(
    object(
      { at: Timestamp, by: Person, reason: Type.String({ maxLength: 500 }) },
      { description: 'No longer of the team; stays written down' },
    ),
  ),
})
export type Member = Static<typeof Member>

/** Everybody who is or was of a patient's caring team, newest first. */
export const CareTeam = object({ items: Type.Array(Member, { maxItems: 1_000 }) })
export type CareTeam = Static<typeof CareTeam>

export const MemberPath = object({ id: Uuid, userId: Uuid })
export const MemberChange = object({ reason: Reason })
