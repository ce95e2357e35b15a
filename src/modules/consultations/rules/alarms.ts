import { text, type Text } from '../../../shared/text.ts'
import type { Vital, Vitals } from './vitals.ts'

export type AlarmLevel = 'warning' | 'danger'
/** `danger`: act now; `warning`: look at it. Told, never refused. */
export type Alarm = { vital: Vital; level: AlarmLevel; message: Text }

type Age = { value: number; unit: 'years' | 'months' | 'days' }
type Threshold = {
  /** Age in completed months: from included, below excluded. */
  from?: number
  below?: number
  level: AlarmLevel
  message: Text
} & ({ atLeast: number } | { atMost: number } | { under: number | ((months: number) => number) })

const YEAR = 12

// The first threshold that is reached speaks, the gravest first. Sources:
// IMCI   WHO, Integrated Management of Childhood Illness, chart booklet 2014 (PCIME)
// PSBI   the same, sick young infant under 2 months: possible serious bacterial infection
// PALS   American Heart Association, Pediatric Advanced Life Support 2020
// IMAI   WHO, Integrated Management of Adolescent and Adult Illness, Acute Care 2009
// HEARTS WHO, HEARTS technical package 2020: hypertension from 140/90, to refer at once from 180/110
// NEWS2  Royal College of Physicians, National Early Warning Score 2, 2017: 3 points = danger, 2 = warning
// OXY    WHO, Oxygen therapy for children 2016, and Pocket Book of Hospital Care for Children 2013
// MUAC   WHO and UNICEF, Child growth standards and the identification of severe acute malnutrition 2009
// prettier-ignore
const thresholds: { [V in Vital]?: Threshold[] } = {
  temperature: [
    { below: 2, atLeast: 37.5, level: 'danger', message: text('Fièvre avant 2 mois (37,5 °C ou plus)', 'Fever under 2 months (37.5 °C or more)') }, // PSBI
    { below: 2, under: 35.5, level: 'danger', message: text('Hypothermie avant 2 mois (moins de 35,5 °C)', 'Low temperature under 2 months (below 35.5 °C)') }, // PSBI
    { atMost: 35, level: 'danger', message: text('Hypothermie (35 °C ou moins)', 'Hypothermia (35 °C or less)') }, // NEWS2
    { under: 35.5, level: 'warning', message: text('Température basse (moins de 35,5 °C)', 'Low temperature (below 35.5 °C)') },
    { atLeast: 38.5, level: 'warning', message: text('Fièvre élevée (38,5 °C ou plus)', 'High fever (38.5 °C or more)') }, // IMCI
  ],
  respiration: [
    { below: 2, atLeast: 60, level: 'danger', message: text('Respiration rapide avant 2 mois (60/min ou plus)', 'Fast breathing under 2 months (60/min or more)') }, // PSBI
    { from: 2, below: YEAR, atLeast: 50, level: 'warning', message: text('Respiration rapide de 2 à 11 mois (50/min ou plus)', 'Fast breathing from 2 to 11 months (50/min or more)') }, // IMCI
    { from: YEAR, below: 5 * YEAR, atLeast: 40, level: 'warning', message: text('Respiration rapide de 12 à 59 mois (40/min ou plus)', 'Fast breathing from 12 to 59 months (40/min or more)') }, // IMCI
    { from: 5 * YEAR, below: 13 * YEAR, atLeast: 30, level: 'warning', message: text('Respiration rapide de 5 à 12 ans (30/min ou plus)', 'Fast breathing from 5 to 12 years (30/min or more)') }, // IMAI
    { from: 13 * YEAR, atLeast: 30, level: 'danger', message: text('Respiration très rapide (30/min ou plus)', 'Very fast breathing (30/min or more)') }, // IMAI
    { from: 16 * YEAR, atMost: 8, level: 'danger', message: text('Respiration lente (8/min ou moins)', 'Slow breathing (8/min or less)') }, // NEWS2
  ],
  spo2: [
    { under: 90, level: 'danger', message: text('Hypoxémie (SpO2 de moins de 90 %)', 'Hypoxaemia (SpO2 below 90 %)') }, // OXY
    { under: 94, level: 'warning', message: text('Saturation basse (SpO2 de moins de 94 %)', 'Low saturation (SpO2 below 94 %)') }, // OXY: signs of emergency
  ],
  systolic: [
    { from: 18 * YEAR, atLeast: 180, level: 'danger', message: text('Hypertension sévère (systolique de 180 mmHg ou plus)', 'Severe hypertension (systolic 180 mmHg or more)') }, // HEARTS
    { from: 18 * YEAR, atLeast: 140, level: 'warning', message: text('Pression élevée (systolique de 140 mmHg ou plus)', 'High pressure (systolic 140 mmHg or more)') }, // HEARTS
    { from: 10 * YEAR, under: 90, level: 'danger', message: text('Hypotension (systolique de moins de 90 mmHg)', 'Hypotension (systolic below 90 mmHg)') }, // PALS, IMAI
    { below: 1, under: 60, level: 'danger', message: text('Hypotension (systolique de moins de 60 mmHg avant 1 mois)', 'Hypotension (systolic below 60 mmHg under 1 month)') }, // PALS
    { from: 1, below: YEAR, under: 70, level: 'danger', message: text('Hypotension (systolique de moins de 70 mmHg avant 1 an)', 'Hypotension (systolic below 70 mmHg under 1 year)') }, // PALS
    { from: YEAR, below: 10 * YEAR, under: (months) => 70 + 2 * Math.floor(months / YEAR), level: 'danger', message: text("Hypotension (systolique de moins de 70 mmHg + 2 × l'âge)", 'Hypotension (systolic below 70 mmHg + 2 × age)') }, // PALS
  ],
  diastolic: [
    { from: 18 * YEAR, atLeast: 110, level: 'danger', message: text('Hypertension sévère (diastolique de 110 mmHg ou plus)', 'Severe hypertension (diastolic 110 mmHg or more)') }, // HEARTS
    { from: 18 * YEAR, atLeast: 90, level: 'warning', message: text('Pression élevée (diastolique de 90 mmHg ou plus)', 'High pressure (diastolic 90 mmHg or more)') }, // HEARTS
  ],
  pulse: [
    { from: 10 * YEAR, atLeast: 131, level: 'danger', message: text('Pouls très rapide (plus de 130/min)', 'Very fast pulse (over 130/min)') }, // NEWS2
    { from: 10 * YEAR, atLeast: 111, level: 'warning', message: text('Pouls rapide (plus de 110/min)', 'Fast pulse (over 110/min)') }, // NEWS2
    { from: 10 * YEAR, atMost: 40, level: 'danger', message: text('Pouls lent (40/min ou moins)', 'Slow pulse (40/min or less)') }, // NEWS2
    { from: 2 * YEAR, below: 10 * YEAR, atLeast: 141, level: 'warning', message: text('Pouls rapide de 2 à 9 ans (plus de 140/min)', 'Fast pulse from 2 to 9 years (over 140/min)') }, // PALS
    { from: 3, below: 2 * YEAR, atLeast: 191, level: 'warning', message: text('Pouls rapide de 3 à 23 mois (plus de 190/min)', 'Fast pulse from 3 to 23 months (over 190/min)') }, // PALS
    { below: 3, atLeast: 206, level: 'warning', message: text('Pouls rapide avant 3 mois (plus de 205/min)', 'Fast pulse under 3 months (over 205/min)') }, // PALS
    { below: 10 * YEAR, under: 60, level: 'danger', message: text('Pouls lent avant 10 ans (moins de 60/min)', 'Slow pulse under 10 years (below 60/min)') }, // PALS: bradycardia with poor perfusion
  ],
  muac: [
    { from: 6, below: 5 * YEAR, under: 115, level: 'danger', message: text('Malnutrition aiguë sévère (périmètre brachial de moins de 115 mm)', 'Severe acute malnutrition (MUAC below 115 mm)') }, // MUAC
    { from: 6, below: 5 * YEAR, under: 125, level: 'warning', message: text('Malnutrition aiguë modérée (périmètre brachial de 115 à 124 mm)', 'Moderate acute malnutrition (MUAC from 115 to 124 mm)') }, // MUAC
  ],
}

/**
 * The alarms of one visit, at most one a vital sign.
 * @param vitals plausible measures (see vitalErrors)
 * @param age on the day of the visit; without it only what holds at every age is told
 */
export function alarmsOf(vitals: Vitals, age: Age | undefined): Alarm[] {
  const alarms: Alarm[] = []
  let months: number | undefined
  for (const [vital, ladder] of watched) {
    const value = vitals[vital]
    if (value === undefined || value === null) continue
    months ??= age && ageInMonths(age)
    for (const threshold of ladder) {
      if (!concerns(threshold, months) || !isReached(threshold, value, months)) continue
      alarms.push({ vital, level: threshold.level, message: threshold.message })
      break
    }
  }
  return alarms
}

const watched = Object.entries(thresholds) as [Vital, Threshold[]][]

// "0 years" comes from a birth known by its year only: the middle of the first year, so that neither the rules of
// the newborn nor those of the second year apply.
const ageInMonths = ({ value, unit }: Age): number => {
  if (unit === 'days') return Math.floor(value / 30.44)
  if (unit === 'months') return value
  return value === 0 ? 6 : value * YEAR
}

const concerns = ({ from, below }: Threshold, months: number | undefined): boolean =>
  months === undefined
    ? from === undefined && below === undefined
    : months >= (from ?? 0) && months < (below ?? Infinity)

function isReached(threshold: Threshold, value: number, months = 0): boolean {
  if ('atLeast' in threshold) return value >= threshold.atLeast
  if ('atMost' in threshold) return value <= threshold.atMost
  return value < (typeof threshold.under === 'number' ? threshold.under : threshold.under(months))
}
