import { notice } from '../../../platform/notices/index.ts'
import { text } from '../../../shared/text.ts'

/** To who reviews; which file it is stands on the list of break-glasses only. */
export const glassOpened = notice('breakGlass.opened', {
  kind: 'breakGlass',
  severity: 'warning',
  text: ({ by }: { by: string }) =>
    text(
      `${by} a ouvert un dossier sensible en urgence : à contrôler.`,
      `${by} opened a sensitive file in an emergency: to be reviewed.`,
    ),
})

/** To whoever had opened it. */
export const glassReviewed = notice('breakGlass.reviewed', {
  kind: 'breakGlass',
  severity: 'info',
  text: () =>
    text(
      'Votre ouverture d’un dossier sensible en urgence a été contrôlée ; le dossier vous est refermé.',
      'Your opening of a sensitive file in an emergency was reviewed; the file is closed to you again.',
    ),
})

/** The same, where the review let the person into the caring team. */
export const glassAdmitted = notice('breakGlass.admitted', {
  kind: 'breakGlass',
  severity: 'info',
  text: () =>
    text(
      'Votre ouverture d’un dossier sensible en urgence a été contrôlée ; vous êtes de l’équipe soignante.',
      'Your opening of a sensitive file in an emergency was reviewed; you are of the caring team.',
    ),
})
