import type { ErrorEntry } from '../../shared/error-catalogue.ts'
import { text } from '../../shared/text.ts'

export const errors = {
  equipment_code_taken: {
    status: 409,
    title: text('Équipement déjà présent', 'Equipment already listed'),
    detail: text(
      'Un équipement de l’établissement porte déjà ce code, aux accents et aux majuscules près.',
      'A piece of equipment of the establishment already has this code, accents and capitals aside.',
    ),
  },
  equipment_in_use: {
    status: 409,
    title: text('Équipement avec historique', 'Equipment with a history'),
    detail: text(
      'Cet équipement a changé depuis sa création : il ne peut être retiré, mais fermé (« state »: "closed").',
      'This equipment has changed since it was added: it cannot be removed, only closed ("state": "closed").',
    ),
  },
  equipment_not_found: {
    status: 404,
    title: text('Équipement introuvable', 'Equipment not found'),
    detail: text('Cet équipement n’existe pas.', 'This equipment does not exist.'),
  },
} as const satisfies Record<string, ErrorEntry>
