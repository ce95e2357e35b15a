import type { ErrorEntry } from '../../shared/error-catalogue.ts'
import { text } from '../../shared/text.ts'

export const errors = {
  consultation_not_found: {
    status: 404,
    title: text('Consultation introuvable', 'Consultation not found'),
    detail: text("Cette consultation n'existe pas.", 'This consultation does not exist.'),
  },
} as const satisfies Record<string, ErrorEntry>
