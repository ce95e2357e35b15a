import type { Care, DemoEstablishment } from './establishments.ts'
import type { Signs } from './measures.ts'
import { dayMs, isoDay, monthsOld, type Period, type Person } from './people.ts'
import type { Random } from './random.ts'

/** One visit before it is put into the words of the API. */
export type Visit = {
  person: Person
  /** Midnight UTC of the day. */
  day: number
  codes: string[]
  diagnosis: string
  reason: string
  examinations?: string
  treatment: string
  caseType: 'new' | 'followUp'
  care: Care
  signs: Signs
  outcome: 'home' | 'observation' | 'hospitalised' | 'referred'
}

type Told = Pick<Visit, 'codes' | 'diagnosis' | 'reason' | 'treatment' | 'care'> & Partial<Visit>
type Episode = (person: Person, establishment: DemoEstablishment, period: Period, random: Random) => Visit[]

const visit = (person: Person, day: number, told: Told): Visit => ({
  caseType: 'new',
  signs: {},
  outcome: 'home',
  ...told,
  person,
  day,
})

/** What a person comes back for over months, if anything: a pregnancy, a long illness, a malnutrition. */
export const longCare: Episode = (person, establishment, period, random) => {
  const months = monthsOld(person, person.seen)
  if (person.sex === 'F' && months >= 17 * 12 && months < 42 * 12 && random.chance(0.5))
    return pregnancy(person, establishment, period, random)
  if (months >= 40 * 12 && random.chance(0.35)) return hypertension(person, establishment, period, random)
  if (months >= 40 * 12 && random.chance(0.15)) return diabetes(person, establishment, period, random)
  if (months >= 6 && months < 40 && random.chance(0.4)) return malnutrition(person, establishment, period, random)
  return []
}

/** Antenatal visits, the birth (not in a private practice), and the visit after it. */
const pregnancy: Episode = (person, { type }, period, random) => {
  const conceived = person.seen - random.int(4, 14) * 7 * dayMs
  const contacts = [12, 20, 26, 30, 34, 38].filter((week) => week <= 20 || random.chance(0.75))
  const seen = contacts.map((week) => ({
    week: week + random.int(0, 1),
    day: conceived + (week * 7 + random.int(0, 9)) * dayMs,
  }))
  const visits = seen
    .filter(({ day }) => day >= person.seen)
    .map(({ week, day }, index) =>
      visit(person, day, {
        codes: ['Z34.9'],
        diagnosis: `CPN ${index + 1}, grossesse de ${week} semaines d’aménorrhée`,
        reason: 'Consultation prénatale',
        examinations:
          index === 0 ? 'Groupe sanguin, Hb, VIH, syphilis, bandelette urinaire' : 'Bandelette urinaire ; Hb',
        treatment: `Fer et acide folique${week >= 13 ? ' ; sulfadoxine-pyriméthamine' : ''}${index === 0 ? ' ; moustiquaire imprégnée' : ''}`,
        caseType: index === 0 ? 'new' : 'followUp',
        care: 'mothers',
        signs: { pressure: [111, 69], gain: Math.round(week * 0.28) },
      }),
    )
  if (type === 'cabinet') return within(visits, period)
  const born = conceived + (39 * 7 + random.int(-7, 10)) * dayMs
  const caesarean = type !== 'cscom' && random.chance(type === 'hospital' ? 0.3 : 0.12)
  visits.push(
    visit(person, born, {
      codes: [caesarean ? 'O82.9' : 'O80.9'],
      diagnosis: caesarean ? 'Accouchement par césarienne' : 'Accouchement normal, enfant vivant',
      reason: 'Travail',
      treatment: caesarean
        ? 'Césarienne ; antibioprophylaxie ; ocytocine'
        : 'Gestion active du troisième stade : ocytocine 10 UI',
      care: 'mothers',
      signs: { pressure: [116, 73], gain: 10 },
      outcome: caesarean ? 'hospitalised' : 'observation',
    }),
    visit(person, born + random.int(6, 42) * dayMs, {
      codes: ['Z39.2'],
      diagnosis: 'Consultation postnatale',
      reason: 'Suivi après l’accouchement',
      treatment: 'Fer ; conseils d’allaitement et d’espacement des naissances',
      caseType: 'followUp',
      care: 'mothers',
      signs: { pressure: [114, 72] },
    }),
  )
  return within(
    visits.sort((a, b) => a.day - b.day),
    period,
  )
}

const hypertension: Episode = (person, _establishment, period, random) =>
  controls(person, period, random, (index) => ({
    codes: ['I10'],
    diagnosis: index === 0 ? 'Hypertension artérielle' : 'Hypertension artérielle, contrôle',
    reason: index === 0 ? 'Céphalées, vertiges' : 'Contrôle de la tension',
    treatment: 'Amlodipine 5 mg ; régime sans sel',
    // Under treatment the pressure comes down towards 140/85.
    signs: { pressure: [164 - 5 * Math.min(index, 4), 97 - 2 * Math.min(index, 5)] },
  }))

const diabetes: Episode = (person, _establishment, period, random) =>
  controls(person, period, random, (index) => ({
    codes: ['E11.9'],
    diagnosis: index === 0 ? 'Diabète de type 2' : 'Diabète de type 2, contrôle',
    reason: index === 0 ? 'Soif, urines abondantes' : 'Contrôle de la glycémie',
    examinations: `Glycémie à jeun ${(14.2 - Math.min(index, 5) * 1.1).toFixed(1).replace('.', ',')} mmol/l`,
    treatment: 'Metformine 500 mg 2 fois par jour ; régime',
    signs: {},
  }))

function controls(
  person: Person,
  period: Period,
  random: Random,
  tell: (
    index: number,
  ) => Pick<Visit, 'codes' | 'diagnosis' | 'reason' | 'treatment' | 'signs'> & { examinations?: string },
): Visit[] {
  const count = random.int(5, 12)
  let day = person.seen
  const visits: Visit[] = []
  for (let index = 0; index < count; index++) {
    visits.push(visit(person, day, { ...tell(index), care: 'general', caseType: index === 0 ? 'new' : 'followUp' }))
    day += random.int(26, 50) * dayMs
  }
  return within(visits, period)
}

/** Weekly visits until the arm circumference is above 125 mm. */
const malnutrition: Episode = (person, { type }, period, random) => {
  const severe = random.chance(0.4)
  const start = severe ? random.int(106, 113) : random.int(116, 121)
  const visits: Visit[] = []
  for (let week = 0, muac = start; muac < 128 && week < 9; week++, muac += random.int(1, 3))
    visits.push(
      visit(person, person.seen + week * 7 * dayMs, {
        codes: [severe ? 'E43' : 'E44.0'],
        diagnosis: severe ? 'Malnutrition aiguë sévère' : 'Malnutrition aiguë modérée',
        reason: week === 0 ? 'Amaigrissement, manque d’appétit' : 'Suivi nutritionnel',
        examinations: 'Test de l’appétit réussi, pas d’œdèmes',
        treatment: severe
          ? 'ATPE selon le poids ; amoxicilline la première semaine'
          : 'Aliment de supplément (ASPE) ; conseils à la mère',
        caseType: week === 0 ? 'new' : 'followUp',
        care: 'children',
        signs: { muac },
        outcome: week === 0 && severe && type === 'hospital' ? 'hospitalised' : 'home',
      }),
    )
  return within(visits, period)
}

const within = (visits: Visit[], { from, days }: Period): Visit[] =>
  visits.filter(({ person, day }) => day >= person.seen && isoDay(day) < isoDay(from + days * dayMs))
