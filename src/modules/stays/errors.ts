import type { ErrorEntry } from '../../shared/error-catalogue.ts'
import { text } from '../../shared/text.ts'

export const errors = {
  bed_taken: {
    status: 409,
    title: text('Lit déjà pris', 'Bed taken'),
    detail: text(
      'Un autre patient est, ou était alors, dans ce lit : choisissez-en un autre, ou admettez sans lit.',
      'Another patient is, or was then, in this bed: choose another one, or admit without a bed.',
    ),
  },
  bed_unavailable: {
    status: 409,
    title: text('Lit indisponible', 'Bed unavailable'),
    detail: text(
      'Ce lit est fermé ou hors service : « errors » dit pourquoi.',
      'This bed is closed or out of order: "errors" says why.',
    ),
  },
  consultation_already_admitted: {
    status: 409,
    title: text('Consultation déjà suivie d’une admission', 'Consultation admitted already'),
    detail: text(
      'Un séjour vient déjà de cette consultation : une consultation admet une seule fois.',
      'A stay comes from this consultation already: a consultation admits only once.',
    ),
  },
  movement_not_found: {
    status: 404,
    title: text('Mouvement introuvable', 'Movement not found'),
    detail: text('Ce séjour n’a pas ce mouvement.', 'This stay has no such movement.'),
  },
  observation_not_found: {
    status: 404,
    title: text('Observation introuvable', 'Observation not found'),
    detail: text('Ce séjour n’a pas cette observation.', 'This stay has no such observation.'),
  },
  patient_admitted: {
    status: 409,
    title: text('Patient hospitalisé', 'Patient in the ward'),
    detail: text(
      'Ce patient est hospitalisé : faites-le sortir, ou masquez le séjour, avant de masquer son dossier.',
      'This patient is in the ward: discharge the patient, or hide the stay, before hiding the file.',
    ),
  },
  patient_already_admitted: {
    status: 409,
    title: text('Patient déjà hospitalisé', 'Patient admitted already'),
    detail: text(
      'Ce patient a déjà un séjour à ce moment : un transfert le change de lit ou de service.',
      'This patient has a stay at that time already: a transfer changes bed or service.',
    ),
  },
  stay_ended: {
    status: 409,
    title: text('Séjour terminé', 'Stay ended'),
    detail: text(
      'Ce patient est sorti. Une sortie saisie à tort s’annule par POST /api/v1/stays/{id}/reopen.',
      'This patient has left. A discharge entered by mistake is undone by POST /api/v1/stays/{id}/reopen.',
    ),
  },
  stay_not_found: {
    status: 404,
    title: text('Séjour introuvable', 'Stay not found'),
    detail: text('Ce séjour n’existe pas.', 'This stay does not exist.'),
  },
  stay_open: {
    status: 409,
    title: text('Séjour en cours', 'Stay not ended'),
    detail: text(
      'Ce séjour n’est pas terminé : il n’y a pas de sortie à annuler.',
      'This stay has not ended: there is no discharge to undo.',
    ),
  },
} as const satisfies Record<string, ErrorEntry>
