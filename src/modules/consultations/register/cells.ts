import { fault, type Read } from '../../exchange/index.ts'
import { foldText } from '../../patients/index.ts'

const cases: Record<string, 'new' | 'followUp'> = {
  nc: 'new', n: 'new', nouveau: 'new', nouvelle: 'new', 'nouveau cas': 'new',
  ac: 'followUp', a: 'followUp', ancien: 'followUp', ancienne: 'followUp', 'ancien cas': 'followUp', suivi: 'followUp', controle: 'followUp',
} // prettier-ignore

/** NC (nouveau cas) or AC (ancien cas). */
export function readCase(written: string): Read<'new' | 'followUp'> {
  const value = cases[foldText(written)]
  return value
    ? { value }
    : fault('Cas inconnu : NC (nouveau cas) ou AC (ancien cas).', 'Unknown case: NC (new) or AC (follow-up).')
}

/** How a visit ended, by the word that we write ourselves. */
export const outcomes = {
  home: 'Domicile',
  observation: 'Observation',
  hospitalised: 'Hospitalisation',
  referred: 'Référé',
  leftAgainstAdvice: 'Sortie contre avis',
  death: 'Décès',
  other: 'Autre',
} as const
export type OutcomeName = keyof typeof outcomes

const outcomeWords: Record<string, OutcomeName> = {
  ...Object.fromEntries(Object.entries(outcomes).map(([name, word]) => [foldText(word), name as OutcomeName])),
  'retour a domicile': 'home', gueri: 'home', guerie: 'home', 'mise en observation': 'observation', hospitalise: 'hospitalised',
  hospitalisee: 'hospitalised', referee: 'referred', reference: 'referred', evacue: 'referred', evacuee: 'referred', evasion: 'leftAgainstAdvice',
  decede: 'death', decedee: 'death', mort: 'death',
} // prettier-ignore

export const readOutcome = (written: string): OutcomeName | undefined => outcomeWords[foldText(written)]

/** A measure: decimal comma or point, its unit after it left aside. */
export function readMeasure(written: string): number | undefined {
  const [, figure] = /^(\d{1,4}(?:[.,]\d{1,3})?)\s*[%°/\p{L}]*$/u.exec(written.trim()) ?? []
  return figure === undefined ? undefined : Number(figure.replace(',', '.'))
}

/** A blood pressure such as 120/80, or 12/8 in centimetres as many write it. @returns mmHg */
export function readPressure(written: string): { systolic: number; diastolic: number } | undefined {
  const [, high, low] =
    /^(\d{1,3}(?:[.,]\d)?)\s*[/-]\s*(\d{1,3}(?:[.,]\d)?)(?:\s*(?:mmHg|cmHg))?$/iu.exec(written.trim()) ?? []
  if (high === undefined || low === undefined) return undefined
  const [systolic, diastolic] = [high, low].map((figure) => Number(figure.replace(',', '.'))) as [number, number]
  // Nobody lives with a systolic pressure of 29 mmHg.
  const factor = systolic < 30 ? 10 : 1
  return { systolic: systolic * factor, diastolic: diastolic * factor }
}
