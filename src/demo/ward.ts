import type { EstablishmentType } from '#tenancy'
import { birthRange } from '../modules/patients/index.ts'
import type { DemoConsultation, DemoRecords } from './pyramid.ts'
import { dayMs, isoDay } from './people.ts'
import { seeded, type Random } from './random.ts'

export type DemoBed = { code: string; service: string }
export type DemoPlace = { service: string; bed: string | null; at: string }
export type DemoStay = {
  id: string
  patientId: string
  consultationId: string | null
  admittedAt: string
  dischargedAt: string | null
  dischargeMode: 'home' | 'referred' | 'leftAgainstAdvice' | 'deathBefore48h' | 'deathAfter48h' | null
  condition: 'stable' | 'observation' | 'critical'
  attendingName: string | null
  reason: string | null
  diagnosis: string | null
  codes: { code: string; role: 'main' | 'secondary' }[]
  finalDiagnosis: string | null
  places: DemoPlace[]
}
export type DemoEquipment = {
  id: string
  code: string
  name: string
  state: 'working' | 'outOfOrder'
  nextMaintenanceOn: string | null
  since: string
}
export type DemoWard = {
  heads: { service: string; head: string; unit: string; capacity: number }[]
  beds: DemoBed[]
  stays: DemoStay[]
  equipment: DemoEquipment[]
}

export const wardOpenedOn = '2024-11-01'

const adultsBornBefore = '2008-01-01'

/** How many beds a service has, by the kind of care; a private practice keeps nobody. */
const bedsOf: Record<EstablishmentType, Partial<Record<keyof DemoRecords['establishment']['care'], number>>> = {
  hospital: { general: 8, nursing: 3, children: 6, mothers: 5, surgery: 5 },
  csref: { general: 5, children: 5, mothers: 3 },
  cscom: { general: 2, mothers: 2 },
  cabinet: {},
}
const equipmentOf: Record<EstablishmentType, [code: string, name: string, overdue?: boolean, broken?: boolean][]> = {
  hospital: [['ECHO-1', 'Échographe', true], ['OXY-1', 'Concentrateur d’oxygène'], ['OXY-2', 'Concentrateur d’oxygène', false, true], ['AUTO-1', 'Autoclave']],
  csref: [['ECHO-1', 'Échographe portable', true], ['OXY-1', 'Concentrateur d’oxygène'], ['FRIGO-1', 'Réfrigérateur à vaccins']],
  cscom: [['FRIGO-1', 'Réfrigérateur solaire à vaccins', true], ['BAL-1', 'Pèse-bébé']],
  cabinet: [['ECG-1', 'Électrocardiographe', true]],
} // prettier-ignore

/** Adults who lay down in the last days and are still there: nothing in the consultations says so. */
const present: Partial<Record<EstablishmentType, [day: string, care: 'general', reason: string, diagnosis: string, code: string][]>> = {
  hospital: [['2026-10-27', 'general', 'Essoufflement, œdèmes', 'Insuffisance cardiaque', 'I50.9'], ['2026-10-29', 'general', 'Fièvre, convulsions', 'Paludisme grave, forme neurologique', 'B50.0'], ['2026-10-30', 'general', 'Soif, amaigrissement', 'Diabète décompensé', 'E11.9'], ['2026-10-30', 'general', 'Toux, fièvre', 'Pneumopathie', 'J18.9']],
  csref: [['2026-10-29', 'general', 'Fièvre, pâleur', 'Paludisme grave', 'B50.8'], ['2026-10-30', 'general', 'Diarrhée, vomissements', 'Gastro-entérite avec déshydratation', 'A09.9']],
  cscom: [['2026-10-30', 'general', 'Fièvre, vomissements', 'Paludisme, mise en observation', 'B54']],
} // prettier-ignore

/** The ward of an establishment, made of its patients and visits: the same at every call, and nothing of theirs moves. */
export function wardOf({ establishment, patients, consultations }: DemoRecords): DemoWard {
  const { type, care, slug } = establishment
  const random = seeded(`SIS ward ${slug}`)
  const heads = new Map<string, DemoWard['heads'][number]>()
  const beds: DemoBed[] = []
  for (const [kind, count] of Object.entries(bedsOf[type]) as [keyof typeof care, number][]) {
    const { service, practitioners } = care[kind]
    if (heads.has(service)) continue
    heads.set(service, {
      service,
      head: practitioners[0]!,
      unit: kind === 'mothers' ? 'Mère et enfant' : 'Soins',
      capacity: count,
    })
    const sign = { general: 'MED', nursing: 'URG', children: 'PED', mothers: 'MAT', surgery: 'CHI' }[kind]
    for (let n = 1; n <= count; n++) beds.push({ code: `${sign}-${String(n).padStart(2, '0')}`, service })
  }
  const ward = new Ward(beds, random)
  const kept = type === 'cscom' ? ['observation', 'hospitalised'] : ['hospitalised']
  for (const visit of consultations)
    if (heads.has(visit.service) && kept.includes(visit.outcome ?? ''))
      ward.admit(visit, consultations, care.general.service)
  const quiet = patients.filter(
    ({ id, birth }) =>
      birthRange(birth)[1] < adultsBornBefore &&
      !consultations.some((visit) => visit.patientId === id && visit.date >= '2026-10-15'),
  )
  for (const [i, [day, kind, reason, diagnosis, code]] of (present[type] ?? []).entries())
    ward.keep({
      day,
      service: care[kind].service,
      attending: care[kind].practitioners[0]!,
      reason,
      diagnosis,
      code,
      patientId: quiet[i]!.id,
      isCritical: i === 1 || type === 'csref',
      isWithoutBed: i === 3,
    })
  const at = Date.parse(wardOpenedOn)
  const equipment = equipmentOf[type].map(([code, name, isOverdue, isBroken]): DemoEquipment => ({
    id: random.uuid(at), code, name, state: isBroken ? 'outOfOrder' : 'working',
    since: isBroken ? '2026-10-12' : wardOpenedOn, nextMaintenanceOn: isOverdue ? '2026-10-15' : '2027-03-01',
  })) // prettier-ignore
  return { heads: [...heads.values()], beds, stays: ward.stays, equipment }
}

type Present = {
  day: string
  service: string
  attending: string
  reason: string
  diagnosis: string
  code: string
  patientId: string
  isCritical: boolean
  isWithoutBed: boolean
}

class Ward {
  readonly stays: DemoStay[] = []
  /** Until when a bed is taken, and a patient is there. */
  readonly #until = new Map<string, string>()
  readonly #beds: readonly DemoBed[]
  readonly #random: Random
  #hasDeath = false
  #hasMove = false

  constructor(beds: readonly DemoBed[], random: Random) {
    this.#beds = beds
    this.#random = random
  }

  /** From a visit that keeps the patient; one who died comes no more. */
  admit(visit: DemoConsultation, all: readonly DemoConsultation[], general: string): void {
    const { patientId, date, id, service } = visit
    const admitted = new Date(Date.parse(visit.createdAt) + 40 * 60_000).toISOString()
    if ((this.#until.get(patientId) ?? '') > admitted) return
    const days = visit.outcome === 'observation' ? 1 : this.#random.int(2, 8)
    const isLast = !all.some((other) => other.patientId === patientId && other.date > date)
    const dies = isLast && !this.#hasDeath && visit.outcome === 'hospitalised' && days > 2
    const end = new Date(
      Date.parse(isoDay(Date.parse(date) + days * dayMs)) + this.#random.int(8, 15) * 3_600_000,
    ).toISOString()
    const moves = !this.#hasMove && service !== general && days > 3 && !dies
    const move = new Date(Date.parse(isoDay(Date.parse(date) + dayMs)) + 10 * 3_600_000).toISOString()
    const places = [{ service, bed: this.#bed(service, admitted, moves ? move : end), at: admitted }]
    if (moves) places.push({ service: general, bed: this.#bed(general, move, end), at: move })
    this.#hasDeath ||= dies
    this.#hasMove ||= moves
    this.#until.set(patientId, end)
    this.stays.push({
      id: this.#random.uuid(Date.parse(admitted)), patientId, consultationId: id, admittedAt: admitted, dischargedAt: end,
      dischargeMode: dies ? 'deathAfter48h' : this.#random.chance(0.08) ? 'referred' : 'home', condition: dies ? 'critical' : 'stable',
      attendingName: visit.practitionerName ?? null, reason: visit.reason ?? null, diagnosis: visit.diagnosis ?? null,
      codes: (visit.codes ?? []).map(({ code }, i) => ({ code, role: i === 0 ? 'main' : 'secondary' })),
      finalDiagnosis: visit.diagnosis ?? null, places,
    }) // prettier-ignore
  }

  /** Who is still there. */
  keep({ day, service, attending, reason, diagnosis, code, patientId, isCritical, isWithoutBed }: Present): void {
    const admittedAt = new Date(Date.parse(day) + this.#random.int(9, 16) * 3_600_000).toISOString()
    const bed = isWithoutBed ? null : this.#bed(service, admittedAt, '9')
    this.stays.push({
      id: this.#random.uuid(Date.parse(admittedAt)), patientId, consultationId: null, admittedAt, dischargedAt: null, dischargeMode: null,
      condition: isCritical ? 'critical' : 'stable', attendingName: attending, reason, diagnosis, codes: [{ code, role: 'main' }], finalDiagnosis: null,
      places: [{ service, bed, at: admittedAt }],
    }) // prettier-ignore
  }

  #bed(service: string, from: string, until: string): string | null {
    const free = this.#beds.find((bed) => bed.service === service && (this.#until.get(bed.code) ?? '') <= from)
    if (free) this.#until.set(free.code, until)
    return free?.code ?? null
  }
}
