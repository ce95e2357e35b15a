import { foldText } from '../../patients/index.ts'
import type { Condition, DischargeMode } from '../schemas.ts'

/** How a stay ended, by the word that we write ourselves. */
export const modeWords: Record<DischargeMode, string> = {
  home: 'Domicile',
  referred: 'Référé',
  leftAgainstAdvice: 'Contre avis médical',
  escaped: 'Évadé',
  deathBefore48h: 'Décédé avant 48 h',
  deathAfter48h: 'Décédé après 48 h',
}

/** As a book tells it: of a death it may be left to the times whether it came before 48 hours. */
export type WrittenMode = DischargeMode | 'death' | 'present'

const of = (mode: WrittenMode, ...words: string[]): [string, WrittenMode][] =>
  words.map((word) => [foldText(word), mode])

// The words of the wards' books in Mali.
const modes = new Map<string, WrittenMode>([
  ...of('home', 'Domicile', 'Retour à domicile', 'RAD', 'Guéri', 'Guérie', 'Guéri(e)', 'Guérison', 'Amélioré', 'Améliorée'),
  ...of('home', 'Amélioré(e)', 'Amélioration', 'Stationnaire', 'Soulagé', 'Soulagée', 'Sortie normale', 'Exeat', 'Exéat'),
  ...of('home', 'Guéri ou amélioré', 'Guéri/Amélioré', 'Sorti', 'Sortie', 'Sortie simple', 'Sortie médicale'),
  ...of('referred', 'Référé', 'Référée', 'Référence', 'Évacué', 'Évacuée', 'Évacuation', 'Référé/Évacué', 'Référé(e)', 'Évacué(e)'),
  ...of('referred', 'Transféré', 'Transférée', 'Transfert', 'Référé à l’hôpital', 'Évacué sur Bamako'),
  ...of('leftAgainstAdvice', 'Contre avis médical', 'Contre avis', 'Sortie contre avis', 'Sortie contre avis médical', 'SCAM', 'CAM'),
  ...of('leftAgainstAdvice', 'Décharge', 'Sortie sur décharge', 'Sortie à la demande', 'Sorti contre avis médical'),
  ...of('escaped', 'Évadé', 'Évadée', 'Évadé(e)', 'Évasion', 'Fugue', 'Fuite', 'Abandon'),
  ...of('present', 'Présent', 'Présente', 'Hospitalisé', 'Hospitalisée', 'En cours', 'Encore hospitalisé', 'Non sorti'),
]) // prettier-ignore

const early = /\b(avant|moins|inferieur|inf)\b/
const late = /\b(apres|plus|superieur|sup)\b/

/** How a stay ended, as it is written; undefined for a word that no book uses. */
export function readMode(written: string): WrittenMode | undefined {
  const folded = foldText(written)
  const known = modes.get(folded)
  if (known || !/^(deced|deces|dcd|dcede|mort)/.test(folded)) return known
  if (early.test(folded) || /[<≤]/.test(written)) return 'deathBefore48h'
  if (late.test(folded) || /[>≥]/.test(written)) return 'deathAfter48h'
  return 'death'
}

export const conditionWords: Record<Condition, string> = {
  stable: 'Stable',
  observation: 'En observation',
  critical: 'Critique',
}

const conditions = new Map<string, Condition>([
  ['stable', 'stable'], ['bon', 'stable'], ['en observation', 'observation'], ['observation', 'observation'], ['moyen', 'observation'],
  ['critique', 'critical'], ['grave', 'critical'], ['mauvais', 'critical'],
]) // prettier-ignore

export const readCondition = (written: string): Condition | undefined => conditions.get(foldText(written))

const noBed = new Set(['sans', 'sans lit', 'aucun', 'sol', 'au sol', 'par terre', 'matelas', 'natte', 'brancard'])
/** Whether a cell says that there was no bed for the patient. */
export const isNoBed = (written: string): boolean => noBed.has(foldText(written))
