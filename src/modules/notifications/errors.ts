import type { ErrorEntry } from '../../shared/error-catalogue.ts'
import { text } from '../../shared/text.ts'

export const errors = {
  notification_not_found: {
    status: 404,
    title: text('Notification introuvable', 'Notification not found'),
    detail: text(
      'Cette notification n’existe pas, ou ne vous est pas adressée.',
      'This notification does not exist, or is not addressed to you.',
    ),
  },
} as const satisfies Record<string, ErrorEntry>
