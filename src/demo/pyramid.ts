import type { Insertion } from '../modules/consultations/index.ts'
import type { NewPatient } from '../modules/patients/index.ts'
import { demoEstablishments, type DemoEstablishment } from './establishments.ts'
import { measure } from './measures.ts'
import { dayMs, isoDay, knownBirth, mobileNumber, monthsOld, nina, people, type Period, type Person } from './people.ts'
import { seeded, type Random } from './random.ts'
import { withMark } from './sensitive.ts'
import { visitsOf } from './visits.ts'
import type { Visit } from './episodes.ts'

/** Two whole years, fixed: the same records at every run, on every machine. */
export const demoPeriod: Period = { from: Date.parse('2024-11-01'), days: 730 }

export type DemoPatient = NewPatient & { id: string; openedAt: string }
/** Service and specialty by name: each establishment gives them its own identifiers. */
export type DemoConsultation = Omit<Insertion, 'serviceId' | 'specialtyId'> & {
  id: string
  createdAt: string
  service: string
  specialty: string
}

export type DemoRecords = {
  establishment: DemoEstablishment
  /** In the order in which their files were opened. */
  patients: DemoPatient[]
  /** In the order of their days. */
  consultations: DemoConsultation[]
}

/** The demonstration's 200 patients and 2,000 consultations, all invented, the same at every call. */
export const demoRecords = (): DemoRecords[] => demoEstablishments.map(recordsOf)

function recordsOf(establishment: DemoEstablishment): DemoRecords {
  const random = seeded(`SIS ${establishment.slug}`)
  const persons = people(establishment, demoPeriod, random)
  const visits = visitsOf(establishment, persons, demoPeriod, random)
  const files = new Map(persons.map((person) => [person, openFile(person, persons, random)]))
  return {
    establishment,
    patients: withMark(
      establishment.slug,
      [...files.values()].sort((a, b) => (a.openedAt < b.openedAt ? -1 : 1)),
    ),
    consultations: visits.map((visit) => writeDown(visit, files.get(visit.person)!.id, establishment, random)),
  }
}

// The desk opens at eight; the file is opened before the visit that it is opened for.
const morning = (day: number, random: Random): number => day + random.int(8 * 3600, 9 * 3600) * 1000
const later = (day: number, random: Random): number => day + random.int(9 * 3600 + 600, 16 * 3600) * 1000

function openFile(person: Person, persons: Person[], random: Random): DemoPatient {
  const at = morning(person.seen, random)
  const months = monthsOld(person, person.seen)
  const child = months < 15 * 12
  const hasPhone = random.chance(0.75)
  return {
    id: random.uuid(at),
    openedAt: new Date(at).toISOString(),
    familyName: person.familyName,
    givenName: person.givenName,
    sex: person.sex,
    birth: knownBirth(person, random),
    village: person.village,
    phone: hasPhone ? mobileNumber(random) : null,
    phoneOwner:
      hasPhone && (child || random.chance(0.25))
        ? random.pick(child ? ['sa mère', 'son père', 'son oncle'] : ['son mari', 'son fils', 'un voisin'])
        : null,
    motherName: child || random.chance(0.3) ? motherOf(person, persons, random) : null,
    nina: !child && random.chance(0.2) ? nina(person, random) : null,
    amoNumber: random.chance(0.15) ? String(random.int(10_000_000, 99_999_999)) : null,
    allergies: random.chance(0.04) ? [random.pick(['Pénicilline', 'Cotrimoxazole', 'Aspirine', 'Arachide'])] : [],
  }
}

function motherOf(person: Person, persons: Person[], random: Random): string {
  const women = persons.filter(({ sex, born }) => sex === 'F' && born < person.born - 16 * 365 * dayMs)
  const named = women.length > 0 ? random.pick(women) : { givenName: 'Fatoumata', familyName: person.familyName }
  return `${named.givenName} ${named.familyName}`
}

function writeDown(
  visit: Visit,
  patientId: string,
  establishment: DemoEstablishment,
  random: Random,
): DemoConsultation {
  const { service, specialty, practitioners } = establishment.care[visit.care]
  const at = later(visit.day, random)
  const equipped = establishment.type === 'hospital' || establishment.type === 'csref'
  return {
    id: random.uuid(at),
    createdAt: new Date(at).toISOString(),
    patientId,
    date: isoDay(visit.day),
    practitionerName: random.pick(practitioners),
    service,
    specialty,
    reason: visit.reason,
    diagnosis: visit.diagnosis,
    codes: visit.codes.map((code, index) => ({ code, role: index === 0 ? ('main' as const) : ('secondary' as const) })),
    caseType: visit.caseType,
    examinations: visit.examinations ?? null,
    treatment: visit.treatment,
    vitals: measure(visit.person, visit.day, visit.signs, equipped, random),
    outcome: visit.outcome,
  }
}
