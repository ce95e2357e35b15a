import type { ErrorEntry } from '../../shared/error-catalogue.ts'
import { text } from '../../shared/text.ts'

export const errors = {
  patient_protected: {
    status: 403,
    title: text('Dossier protégé', 'Protected file'),
    detail: text(
      'Ce dossier est sensible : seule l’équipe qui soigne ce patient le voit. S’il est nécessaire aux soins, ouvrez-le par POST /api/v1/patients/{id}/break-glass avec votre motif ; l’administrateur de l’établissement en est averti.',
      'This file is sensitive: only the team that cares for this patient sees it. If care needs it, open it by POST /api/v1/patients/{id}/break-glass with your reason; the administrator of the establishment is told.',
    ),
  },
  care_team_only: {
    status: 403,
    title: text('Réservé à l’équipe soignante', 'For the caring team only'),
    detail: text(
      'Seule une personne de l’équipe qui soigne ce patient peut faire cela ; un bris de glace n’y suffit pas.',
      'Only a person of the team that cares for this patient may do this; a break-glass is not enough.',
    ),
  },
  care_team_member_not_found: {
    status: 404,
    title: text('Pas dans l’équipe soignante', 'Not in the caring team'),
    detail: text(
      'Cette personne n’est pas dans l’équipe qui soigne ce patient.',
      'This person is not in the team that cares for this patient.',
    ),
  },
  care_team_last: {
    status: 409,
    title: text('Dernière personne de l’équipe', 'Last person of the team'),
    detail: text(
      'Quelqu’un reste toujours dans l’équipe : ajoutez d’abord une autre personne.',
      'Somebody always remains in the team: add another person first.',
    ),
  },
  colleague_not_found: {
    status: 404,
    title: text('Collègue introuvable', 'No such colleague'),
    detail: text(
      'Aucun agent de votre établissement n’a cet identifiant.',
      'No agent of your establishment has this identifier.',
    ),
  },
  patient_not_sensitive: {
    status: 409,
    title: text('Dossier non sensible', 'File not sensitive'),
    detail: text(
      'Seul un dossier marqué sensible a une équipe soignante.',
      'Only a file that is marked sensitive has a caring team.',
    ),
  },
  break_glass_needless: {
    status: 409,
    title: text('Dossier déjà ouvert', 'File already open'),
    detail: text('Vous voyez ce dossier sans bris de glace.', 'You see this file without a break-glass.'),
  },
  break_glass_not_found: {
    status: 404,
    title: text('Bris de glace introuvable', 'No such break-glass'),
    detail: text(
      'Aucun bris de glace de votre établissement n’a cet identifiant.',
      'No break-glass of your establishment has this identifier.',
    ),
  },
  break_glass_closed: {
    status: 409,
    title: text('Déjà examiné', 'Already reviewed'),
    detail: text(
      'Ce bris de glace a été examiné et clos ; la remarque d’alors reste.',
      'This break-glass was reviewed and closed; the remark of then stays.',
    ),
  },
  break_glass_own: {
    status: 403,
    title: text('Votre propre bris de glace', 'Your own break-glass'),
    detail: text(
      'Une autre personne que celle qui a ouvert le dossier doit l’examiner.',
      'Somebody else than the person who opened the file must review it.',
    ),
  },
  patient_not_found: {
    status: 404,
    title: text('Patient introuvable', 'Patient not found'),
    detail: text(
      "Ce patient n'existe pas dans votre établissement.",
      'This patient does not exist in your establishment.',
    ),
  },
  possible_duplicate: {
    status: 409,
    title: text('Patient peut-être déjà connu', 'Patient possibly already known'),
    detail: text(
      'Des patients qui ressemblent à celui-ci ont un dossier : voyez « candidates ». Si c’est une autre personne, renvoyez la demande avec « confirmDuplicate: true ».',
      'Patients like this one are on file: see "candidates". If this is another person, send the request again with "confirmDuplicate: true".',
    ),
  },
} as const satisfies Record<string, ErrorEntry>
