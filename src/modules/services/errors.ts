import type { ErrorEntry } from '../../shared/error-catalogue.ts'
import { text } from '../../shared/text.ts'

export const errors = {
  service_in_use: {
    status: 409,
    title: text('Service employé', 'Service in use'),
    detail: text(
      'Des dossiers se réfèrent à ce service : il ne peut être retiré, mais fermé (« active » : false), une fois que plus aucun patient n’y est hospitalisé.',
      'Records refer to this service: it cannot be removed, only closed ("active": false), once no patient is admitted there any more.',
    ),
  },
  service_name_taken: {
    status: 409,
    title: text('Service déjà présent', 'Service already listed'),
    detail: text(
      "Un service de l'établissement porte déjà ce nom, aux accents et aux majuscules près.",
      'A service of the establishment already has this name, accents and capitals aside.',
    ),
  },
  service_not_found: {
    status: 404,
    title: text('Service introuvable', 'Service not found'),
    detail: text("Ce service n'existe pas.", 'This service does not exist.'),
  },
  specialty_name_taken: {
    status: 409,
    title: text('Spécialité déjà présente', 'Specialty already listed'),
    detail: text(
      "Une spécialité de l'établissement porte déjà ce nom, aux accents et aux majuscules près.",
      'A specialty of the establishment already has this name, accents and capitals aside.',
    ),
  },
  specialty_not_found: {
    status: 404,
    title: text('Spécialité introuvable', 'Specialty not found'),
    detail: text("Cette spécialité n'existe pas.", 'This specialty does not exist.'),
  },
} as const satisfies Record<string, ErrorEntry>
