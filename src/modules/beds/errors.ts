import type { ErrorEntry } from '../../shared/error-catalogue.ts'
import { text } from '../../shared/text.ts'

export const errors = {
  bed_code_taken: {
    status: 409,
    title: text('Lit déjà présent', 'Bed already listed'),
    detail: text(
      'Un lit de l’établissement porte déjà ce code, aux accents et aux majuscules près.',
      'A bed of the establishment already has this code, accents and capitals aside.',
    ),
  },
  bed_in_use: {
    status: 409,
    title: text('Lit déjà employé', 'Bed used already'),
    detail: text(
      'Des séjours se réfèrent à ce lit : il ne peut être retiré, mais fermé (« active » : false).',
      'Stays refer to this bed: it cannot be removed, only closed ("active": false).',
    ),
  },
  bed_not_found: {
    status: 404,
    title: text('Lit introuvable', 'Bed not found'),
    detail: text('Ce lit n’existe pas.', 'This bed does not exist.'),
  },
  bed_occupied: {
    status: 409,
    title: text('Lit occupé', 'Bed occupied'),
    detail: text(
      'Un patient est dans ce lit : transférez-le d’abord, ou faites-le sortir.',
      'A patient is in this bed: transfer or discharge the patient first.',
    ),
  },
} as const satisfies Record<string, ErrorEntry>
