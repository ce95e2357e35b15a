import { roleName } from '../../platform/auth/index.ts'
import { figure, longDay, longInstant } from '../../shared/french.ts'
import type { Field } from '../../shared/pdf/index.ts'
import { vitalRanges, type Consultation, type ConsultationVersion, type Vital } from '../consultations/index.ts'
import type { Scope } from '../oppositions/index.ts'
import type { Age, Birth, BreakGlass, Member, PatientVersion } from '../patients/index.ts'

// How a record is told on paper, in French. Each function answers null where there is nothing to tell.

const units = { years: ['an', 'ans'], months: ['mois', 'mois'], days: ['jour', 'jours'] } as const

const inUnits = (value: number, unit: Age['unit']): string => `${figure(value)} ${units[unit][value < 2 ? 0 : 1]}`

/** What is not known of a birth is said, never made up. */
export function birthText({ precision, date = '', estimate }: Birth): string {
  if (estimate) return `non connue ; âge estimé à ${inUnits(estimate.value, estimate.unit)} le ${longDay(estimate.on)}`
  const unknown = { day: '', month: ' (jour non connu)', year: ' (jour et mois non connus)', estimate: '' }
  return longDay(date) + unknown[precision]
}

/** 40 ans (âge estimé). */
export const ageText = ({ value, unit }: Age, { precision }: Birth): string =>
  inUnits(value, unit) + (precision === 'estimate' ? ' (âge estimé)' : precision === 'year' ? ' (à un an près)' : '')

const sexes = { M: 'Masculin', F: 'Féminin' } as const
const yesNo = (value: boolean): string => (value ? 'oui' : 'non')
/** +22376123456 → +223 76 12 34 56. */
const phoneText = (phone: string | null): string | null => phone && phone.replace(/^(\+223)?(..)(..)(..)(..)$/, '$1 $2 $3 $4 $5') // prettier-ignore

export const patientFields = (patient: PatientVersion): Field[] => [
  ['Nom', patient.familyName],
  ['Prénoms', patient.givenName],
  ['Sexe', sexes[patient.sex]],
  ['Naissance', birthText(patient.birth)],
  ['Téléphone', phoneText(patient.phone)],
  ['Téléphone de', patient.phoneOwner],
  ['Village ou quartier', patient.village],
  ['Mère', patient.motherName],
  ['NINA', patient.nina],
  ['Numéro AMO', patient.amoNumber],
  ['Allergies', patient.allergies.join(', ')],
  ['Dossier sensible', yesNo(patient.sensitive)],
]

const outcomes: Record<NonNullable<Consultation['outcome']>, string> = {
  home: 'retour à domicile',
  observation: 'mise en observation',
  hospitalised: 'hospitalisation',
  referred: 'référence vers une autre structure',
  leftAgainstAdvice: 'sortie contre avis médical',
  death: 'décès',
  other: 'autre',
}
const caseTypes = { new: 'nouveau cas', followUp: 'ancien cas' } as const

type Codes = ConsultationVersion['codes']
export const codesText = (codes: Pick<Codes[number], 'code' | 'label' | 'role'>[]): string =>
  codes.map(({ code, label, role }) => `${code} ${label}${role === 'main' && codes.length > 1 ? ' (principal)' : ''}`).join('\n') // prettier-ignore

const vitalLabels: Record<Vital, string> = {
  temperature: 'Température',
  systolic: 'Tension systolique',
  diastolic: 'Tension diastolique',
  pulse: 'Pouls',
  respiration: 'Fréquence respiratoire',
  spo2: 'SpO2',
  weight: 'Poids',
  height: 'Taille',
  muac: 'Périmètre brachial',
}

export const vitalsText = (vitals: ConsultationVersion['vitals']): string =>
  Object.entries(vitalLabels)
    .flatMap(([name, label]) => {
      const value = vitals[name as Vital]
      return value === null ? [] : [`${label} ${figure(value)} ${vitalRanges[name as Vital].unit.fr}`]
    })
    .join(' ; ')

/** @param lists names of services and specialties by their ids */
export const visitFields = (visit: ConsultationVersion, lists: ReadonlyMap<string, string>): Field[] => [
  ['Date', longDay(visit.date)],
  ['Service', lists.get(visit.serviceId ?? '')],
  ['Spécialité', lists.get(visit.specialtyId ?? '')],
  ['Prescripteur', visit.practitionerName],
  ['Motif', visit.reason],
  ['Diagnostic', visit.diagnosis],
  ['Codes CIM-10', codesText(visit.codes)],
  ['Type de cas', caseTypes[visit.caseType]],
  ['Constantes', vitalsText(visit.vitals)],
  ['Examens', visit.examinations],
  ['Traitement', visit.treatment],
  ['Observations', visit.notes],
  ['Issue', visit.outcome && outcomes[visit.outcome]],
]

export const scopeNames: Record<Scope, string> = {
  establishments: 'Partage avec d’autres établissements',
  statistics: 'Statistiques nationales',
  research: 'Recherche',
}

type Written = { version: number; at: string; by: { name: string }; action: string; reason: string | null }

const acts: Record<string, string> = {
  create: 'créé',
  update: 'corrigé',
  hide: 'masqué',
  import: 'repris d’un registre',
}

/** « Version 2, corrigé le 1er juillet 2026 à 9 h 30 par Awa Diarra – motif : … » */
export const versionText = ({ version, at, by, action, reason }: Written): string =>
  `Version ${version}, ${acts[action] ?? action} le ${longInstant(at)} par ${by.name}${reason === null ? '' : ` – motif : ${reason}`}`

const stated = (value: Field[1]): string => (value ? `« ${value} »` : 'rien')

/** What a correction changed, a line each. */
export const changesText = (before: readonly Field[], after: readonly Field[]): string[] =>
  after.flatMap(([label, value], index) => {
    const was = before[index]?.[1]
    return (was ?? '') === (value ?? '') ? [] : [`${label} : ${stated(was)} devient ${stated(value)}`]
  })

const origins: Record<Member['origin'], string> = {
  marked: 'a marqué le dossier comme sensible',
  treated: 'a soigné le patient dans les douze mois qui précédaient',
  added: 'ajouté à l’équipe',
  admitted: 'admis à la suite d’un accès d’urgence',
}

/** Who is or was of the caring team, since when and why. */
export const memberField = ({ user, origin, reason, since, addedBy, removed }: Member): Field => [
  user.name,
  [
    `depuis le ${longInstant(since)} : ${origins[origin]}${origin === 'added' || origin === 'admitted' ? ` par ${addedBy.name}` : ''}`,
    reason && `Motif : ${reason}`,
    removed && `Sorti de l’équipe le ${longInstant(removed.at)} par ${removed.by.name} – motif : ${removed.reason}`,
  ]
    .filter(Boolean)
    .join('\n'),
]

/** Who opened the file without being of the team, why, and what the review found. */
export const glassField = ({ user, reason, openedAt, expiresAt, review }: BreakGlass): Field => [
  user.name,
  [
    `${roleName(user.role)}, du ${longInstant(openedAt)} au ${longInstant(review && review.at < expiresAt ? review.at : expiresAt)}`,
    `Motif : ${reason}`,
    review
      ? `Contrôlé le ${longInstant(review.at)} par ${review.by.name} – remarque : ${review.remark}`
      : 'Pas encore contrôlé',
  ].join('\n'),
]
