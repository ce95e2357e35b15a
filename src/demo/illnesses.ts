import type { EstablishmentType } from '#tenancy'
import type { Care } from './establishments.ts'

/** A reason to come, with what is found, written and given. Wording of first-line registers in Mali. */
export type Illness = {
  code: string
  secondary?: string
  diagnosis: string
  /** A complaint that lasts, so that a duration is told; an `event` has none. */
  reason: string
  event?: true
  examinations?: string
  treatment: string
  /** How often, compared with the others of the same age and season. */
  weight: number
  /** Ages in completed months, from included, to excluded. */
  ages?: [from: number, to: number]
  sex?: 'F' | 'M'
  /** How much more often in a month than in a mean one; `rains` peaks from July to November. */
  season?: keyof typeof seasons
  care: Care
  /** Seen at these levels only. */
  levels?: EstablishmentType[]
  fever?: true
  breathless?: true
  /** Kept in hospital or in a referral centre, referred from elsewhere. */
  grave?: true
}

// Months 1 to 12. Malaria in the Sahel follows the rains by some weeks; chest infections the cold and the dust of
// December to February; meningitis and measles the dry season.
export const seasons = {
  rains: [0.45, 0.35, 0.3, 0.3, 0.35, 0.6, 1.2, 1.9, 2.3, 2.1, 1.4, 0.75],
  cold: [1.7, 1.6, 1.2, 0.9, 0.7, 0.6, 0.6, 0.7, 0.7, 0.8, 1.1, 1.4],
  wet: [0.7, 0.7, 0.8, 1.0, 1.2, 1.4, 1.4, 1.3, 1.1, 0.9, 0.8, 0.7],
  dry: [1.3, 1.7, 2.2, 2.0, 1.2, 0.4, 0.3, 0.2, 0.2, 0.3, 0.6, 1.0],
} as const

const year = 12
const children: [number, number] = [0, 5 * year]
const adults: [number, number] = [15 * year, 130 * year]

const act = 'Artéméther-luméfantrine 2 fois par jour pendant 3 jours ; paracétamol'
const rehydration = 'SRO à volonté, zinc 20 mg pendant 10 jours ; poursuivre l’alimentation'

/**
 * The acute illnesses. Malaria makes about four consultations in ten, as in Mali's own statistics (35 to 41 %: WHO,
 * 2011–2012); the others are the frequent diagnoses of first-line care.
 */
// prettier-ignore
export const illnesses: readonly Illness[] = [
  { code: 'B54', diagnosis: 'Paludisme simple', reason: 'Fièvre, frissons, céphalées', examinations: 'TDR paludisme positif', treatment: act, weight: 41, season: 'rains', care: 'general', fever: true },
  { code: 'B50.9', diagnosis: 'Paludisme simple à P. falciparum', reason: 'Fièvre, courbatures', examinations: 'Goutte épaisse positive', treatment: act, weight: 12, season: 'rains', care: 'general', fever: true, levels: ['hospital', 'csref', 'cabinet'] },
  { code: 'B50.8', secondary: 'D64.9', diagnosis: 'Paludisme grave, forme anémique', reason: 'Fièvre, pâleur, prostration', examinations: 'TDR paludisme positif ; Hb 5,8 g/dl', treatment: 'Artésunate injectable ; transfusion selon tolérance', weight: 7, season: 'rains', ages: [3, 10 * year], care: 'children', fever: true, grave: true },
  { code: 'B50.0', diagnosis: 'Paludisme grave, forme neurologique', reason: 'Fièvre, convulsions', examinations: 'TDR paludisme positif ; glycémie contrôlée', treatment: 'Artésunate injectable ; diazépam', weight: 3, season: 'rains', ages: [6, 10 * year], care: 'children', fever: true, grave: true },
  { code: 'J06.9', diagnosis: 'Infection respiratoire aiguë haute', reason: 'Toux, rhume', treatment: 'Lavage nasal, paracétamol si fièvre', weight: 10, season: 'cold', care: 'nursing' },
  { code: 'J00', diagnosis: 'Rhinopharyngite', reason: 'Nez qui coule, fièvre légère', treatment: 'Lavage nasal, paracétamol si fièvre', weight: 5, season: 'cold', ages: [0, 10 * year], care: 'nursing' },
  { code: 'J20.9', diagnosis: 'Bronchite aiguë', reason: 'Toux grasse', treatment: 'Traitement symptomatique', weight: 4, season: 'cold', care: 'nursing' },
  { code: 'J18.9', diagnosis: 'Pneumonie', reason: 'Toux, respiration rapide', treatment: 'Amoxicilline pendant 5 jours ; revoir à 48 heures', weight: 6, season: 'cold', ages: children, care: 'children', fever: true, breathless: true },
  { code: 'J18.9', diagnosis: 'Pneumopathie', reason: 'Toux, douleur thoracique, fièvre', treatment: 'Amoxicilline pendant 7 jours', weight: 2, season: 'cold', ages: adults, care: 'general', fever: true, breathless: true },
  { code: 'J45.9', diagnosis: 'Crise d’asthme', reason: 'Difficulté à respirer, sifflements', treatment: 'Salbutamol inhalé', weight: 1.5, season: 'cold', ages: [5 * year, 130 * year], care: 'general', breathless: true },
  { code: 'J03.9', diagnosis: 'Angine', reason: 'Mal de gorge, fièvre', treatment: 'Amoxicilline pendant 6 jours', weight: 2, season: 'cold', ages: [3 * year, 40 * year], care: 'nursing', fever: true },
  { code: 'A09.9', diagnosis: 'Gastro-entérite', reason: 'Diarrhée liquide, vomissements', treatment: rehydration, weight: 9, season: 'wet', ages: children, care: 'children' },
  { code: 'A09.0', diagnosis: 'Gastro-entérite', reason: 'Diarrhée, douleurs abdominales', treatment: 'SRO ; conseils d’hygiène', weight: 3, season: 'wet', ages: [5 * year, 130 * year], care: 'nursing' },
  { code: 'A06.0', diagnosis: 'Dysenterie amibienne', reason: 'Selles glairo-sanglantes', examinations: 'Selles : amibes hématophages', treatment: 'Métronidazole pendant 7 jours', weight: 1.5, season: 'wet', ages: [2 * year, 130 * year], care: 'general' },
  { code: 'A03.9', diagnosis: 'Shigellose (suspicion)', reason: 'Diarrhée sanglante fébrile', treatment: 'Ciprofloxacine pendant 3 jours ; SRO', weight: 0.7, season: 'wet', care: 'general', fever: true },
  { code: 'A01.0', diagnosis: 'Fièvre typhoïde', reason: 'Fièvre prolongée, douleurs abdominales', treatment: 'Ceftriaxone pendant 7 jours', weight: 2.5, season: 'wet', ages: [5 * year, 130 * year], care: 'general', fever: true },
  { code: 'B82.9', diagnosis: 'Parasitose intestinale', reason: 'Douleurs abdominales, prurit', treatment: 'Albendazole 400 mg, dose unique', weight: 2.5, ages: [2 * year, 15 * year], care: 'nursing' },
  { code: 'B65.0', diagnosis: 'Bilharziose urinaire', reason: 'Sang dans les urines', examinations: 'Bandelette : hématurie', treatment: 'Praziquantel 40 mg/kg, dose unique', weight: 2.5, ages: [5 * year, 30 * year], care: 'nursing' },
  { code: 'D64.9', diagnosis: 'Anémie', reason: 'Fatigue, pâleur', examinations: 'Hb 8,4 g/dl', treatment: 'Fer et acide folique ; albendazole', weight: 3, season: 'rains', care: 'general' },
  { code: 'K29.7', diagnosis: 'Gastrite', reason: 'Brûlures d’estomac', treatment: 'Oméprazole 20 mg pendant 4 semaines', weight: 2.5, ages: adults, care: 'general' },
  { code: 'K27', diagnosis: 'Ulcère gastroduodénal', reason: 'Douleur épigastrique rythmée par les repas', treatment: 'Oméprazole 20 mg ; conseils', weight: 1.2, ages: adults, care: 'general' },
  { code: 'N39.0', diagnosis: 'Infection urinaire', reason: 'Brûlures mictionnelles', examinations: 'Bandelette : leucocytes et nitrites', treatment: 'Ciprofloxacine pendant 3 jours', weight: 2.5, ages: adults, care: 'general' },
  { code: 'A64', diagnosis: 'Infection sexuellement transmissible', reason: 'Écoulement', treatment: 'Traitement syndromique ; traiter le partenaire', weight: 1.5, ages: [15 * year, 60 * year], care: 'general' },
  { code: 'N76.0', diagnosis: 'Vaginite', reason: 'Leucorrhées, prurit', treatment: 'Métronidazole ; clotrimazole', weight: 2, ages: [15 * year, 55 * year], sex: 'F', care: 'mothers' },
  { code: 'Z30.9', diagnosis: 'Planification familiale', reason: 'Demande de contraception', event: true, treatment: 'Méthode choisie après conseil', weight: 3, ages: [16 * year, 45 * year], sex: 'F', care: 'mothers' },
  { code: 'L30.9', diagnosis: 'Dermatose', reason: 'Lésions prurigineuses', treatment: 'Soins locaux', weight: 2, care: 'nursing' },
  { code: 'L02.9', diagnosis: 'Abcès', reason: 'Tuméfaction douloureuse', treatment: 'Incision, drainage, pansements', weight: 1.5, care: 'surgery' },
  { code: 'B35.9', diagnosis: 'Teigne', reason: 'Plaques du cuir chevelu', treatment: 'Griséofulvine', weight: 1, ages: [2 * year, 15 * year], care: 'nursing' },
  { code: 'B86', diagnosis: 'Gale', reason: 'Prurit nocturne, plusieurs cas dans la famille', treatment: 'Benzoate de benzyle, toute la famille', weight: 1, season: 'cold', care: 'nursing' },
  { code: 'H10.9', diagnosis: 'Conjonctivite', reason: 'Œil rouge, larmoiement', treatment: 'Tétracycline pommade 1 %', weight: 2, season: 'dry', care: 'nursing' },
  { code: 'H66.9', diagnosis: 'Otite moyenne', reason: 'Otalgie, fièvre', treatment: 'Amoxicilline pendant 5 jours', weight: 1.8, season: 'cold', ages: [6, 10 * year], care: 'children', fever: true },
  { code: 'K02.9', diagnosis: 'Carie dentaire', reason: 'Douleur dentaire', treatment: 'Antalgique ; à adresser au dentiste', weight: 1.2, ages: [6 * year, 130 * year], care: 'nursing' },
  { code: 'M54.5', diagnosis: 'Lombalgie', reason: 'Mal au dos après effort', treatment: 'Ibuprofène pendant 5 jours, repos relatif', weight: 3, ages: [18 * year, 130 * year], care: 'general' },
  { code: 'R51', diagnosis: 'Céphalées', reason: 'Maux de tête', treatment: 'Paracétamol ; contrôle de la tension', weight: 1.2, ages: [10 * year, 130 * year], care: 'general' },
  { code: 'T14.1', diagnosis: 'Plaie', reason: 'Plaie par daba ou machette', event: true, treatment: 'Parage, suture, VAT', weight: 3, season: 'wet', ages: [3 * year, 130 * year], care: 'surgery' },
  { code: 'T30.0', diagnosis: 'Brûlure', reason: 'Brûlure par eau bouillante', event: true, treatment: 'Pansement gras, antalgique', weight: 0.8, season: 'cold', ages: [12, 8 * year], care: 'surgery' },
  { code: 'T63.0', diagnosis: 'Morsure de serpent', reason: 'Morsure au champ', event: true, treatment: 'Sérum antivenimeux, surveillance', weight: 0.7, season: 'wet', ages: [8 * year, 130 * year], care: 'surgery', grave: true },
  { code: 'T14.1', secondary: 'W54', diagnosis: 'Morsure de chien', reason: 'Morsure par un chien errant', event: true, treatment: 'Lavage au savon, vaccin antirabique', weight: 0.8, ages: [3 * year, 130 * year], care: 'surgery' },
  { code: 'B05.9', diagnosis: 'Rougeole (suspicion)', reason: 'Éruption fébrile, catarrhe', treatment: 'Vitamine A ; prélèvement et notification', weight: 0.8, season: 'dry', ages: [6, 10 * year], care: 'children', fever: true },
  { code: 'G00.9', diagnosis: 'Méningite (suspicion)', reason: 'Fièvre, raideur de la nuque', examinations: 'Ponction lombaire', treatment: 'Ceftriaxone ; notification', weight: 0.5, season: 'dry', ages: [12, 30 * year], care: 'general', levels: ['hospital', 'csref'], fever: true, grave: true },
  { code: 'D57.0', diagnosis: 'Drépanocytose, crise vaso-occlusive', reason: 'Douleurs osseuses', treatment: 'Hyperhydratation, antalgiques', weight: 0.8, ages: [2 * year, 30 * year], care: 'general', levels: ['hospital', 'csref', 'cabinet'] },
]
