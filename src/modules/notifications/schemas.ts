import { Type, type Static } from 'typebox'
import { Cursor, Limit, nullable, object, page, Timestamp, Uuid } from '../../shared/schemas.ts'
import { kinds, severities } from '../../platform/notices/index.ts'

const Kind = Type.Enum([...kinds], {
  type: 'string',
  description:
    'admission, criticalStatus (a patient is in a critical state), bedShortage, equipment, breakGlass (a sensitive file was ' +
    'opened in an emergency), system',
})

export const Notification = object(
  {
    id: Type.Unsafe<string>({
      ...Uuid,
      description: 'Grows with each notification of the establishment: in this order they are listed and delivered',
    }),
    at: Timestamp,
    kind: Kind,
    event: Type.String({ maxLength: 60, description: 'What happened, for programs', examples: ['equipment.overdue'] }),
    severity: Type.Enum([...severities], { type: 'string' }),
    message: Type.String({
      maxLength: 2_000,
      description: 'A sentence in the reader’s language; never a patient’s name nor a diagnosis',
      examples: ['Un patient de Pédiatrie est sans lit'],
    }),
    resource: Type.String({ maxLength: 40, description: 'What it is about', examples: ['stay'] }),
    resourceId: nullable(Uuid),
    read: Type.Boolean({ description: 'By you; each person has their own marks' }),
  },
  {
    examples: [
      {
        id: '5f0c6a1e-93b7-8d52-9c1e-0000000000a7',
        at: '2026-07-01T09:30:00.000Z',
        kind: 'equipment',
        event: 'equipment.overdue',
        severity: 'warning',
        message: 'Maintenance en retard : ECHO-2 (Échographe), prévue le 28/06/2026.',
        resource: 'equipment',
        resourceId: '0197c1de-4f7a-7c3e-8a51-2f4f6f9b1c11',
        read: false,
      },
    ],
  },
)
export type Notification = Static<typeof Notification>

export const NotificationQuery = object({
  unread: Type.Optional(Type.Boolean({ description: 'Only what you have not read (true) or have read (false)' })),
  kind: Type.Optional(Kind),
  limit: Type.Optional(Limit),
  cursor: Type.Optional(Cursor),
})
export type NotificationQuery = Static<typeof NotificationQuery>

/** What `unread` says at most. */
export const MOST_COUNTED = 1_000
export const Unread = Type.Integer({
  minimum: 0,
  maximum: MOST_COUNTED,
  description: `How many you have not read, of all kinds; ${MOST_COUNTED} stands for that many or more`,
})

export const NotificationPage = object({ ...page(Notification).properties, unread: Unread })
export type NotificationPage = Static<typeof NotificationPage>

export const ReadUpTo = object(
  {
    upTo: Type.Unsafe<string>({
      ...Uuid,
      description: 'The newest that the person has seen: what comes after it stays unread',
    }),
  },
  { examples: [{ upTo: '5f0c6a1e-93b7-8d52-9c1e-0000000000a7' }] },
)

export const NotificationPath = object({ id: Uuid })
