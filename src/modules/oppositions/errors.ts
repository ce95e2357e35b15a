import type { ErrorEntry } from '../../shared/error-catalogue.ts'
import { text } from '../../shared/text.ts'

export const errors = {
  opposition_exists: {
    status: 409,
    title: text('Opposition déjà enregistrée', 'Opposition already recorded'),
    detail: text(
      'Ce patient s’oppose déjà à ce partage : rien à enregistrer de plus.',
      'This patient already opposes this sharing: nothing more to record.',
    ),
  },
  opposition_not_found: {
    status: 404,
    title: text('Opposition introuvable', 'Opposition not found'),
    detail: text('Ce patient n’a pas cette opposition.', 'This patient has no such opposition.'),
  },
  opposition_withdrawn: {
    status: 409,
    title: text('Opposition déjà retirée', 'Opposition already withdrawn'),
    detail: text(
      'Cette opposition est déjà retirée : la liste dit par qui et quand.',
      'This opposition is already withdrawn: the list says by whom and when.',
    ),
  },
} as const satisfies Record<string, ErrorEntry>
