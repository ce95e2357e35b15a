import type { TenantDb } from '#tenancy'
import { now } from '../../shared/clock.ts'
import type { FieldError } from '../../shared/errors.ts'
import { text } from '../../shared/text.ts'
import type { CodeInput } from '../consultations/index.ts'
import { findIcd10Codes, tidyCode } from '../icd10/index.ts'
import type { Context, Place } from './rules/fields.ts'
import type { Known, KnownBed } from './rules/places.ts'

type Referring = {
  patientId?: string
  codes?: readonly CodeInput[] | undefined
  finalCodes?: readonly CodeInput[] | undefined
  places?: readonly Pick<Place, 'serviceId' | 'bedId'>[] | undefined
}

export type References = {
  contextOf(input: { patientId: string }): Context
  known: Known
  /** An unknown patient, and no more: the rest is told by the rules. */
  errorsOf(input: { patientId: string }): FieldError[]
}

/** What these stays refer to, read with one statement a kind, however many stays. */
export async function readReferences(db: TenantDb, inputs: readonly Referring[]): Promise<References> {
  const patients = await bornFromOf(db, distinct(inputs.map(({ patientId }) => patientId)))
  const places = inputs.flatMap((input) => input.places ?? [])
  const services = await servicesOf(db, distinct(places.map(({ serviceId }) => serviceId)))
  const beds = await bedsOf(db, distinct(places.map(({ bedId }) => bedId)))
  const written = inputs.flatMap(({ codes = [], finalCodes = [] }) => [...codes, ...finalCodes])
  const known = await findIcd10Codes(db, distinct(written.map(({ code }) => tidyCode(code))))
  const instant = now().toISOString()
  return {
    contextOf: ({ patientId }) => ({ now: instant, bornFrom: patients.get(patientId), known }),
    known: { services, beds },
    errorsOf: ({ patientId }) => (patients.has(patientId) ? [] : [{ path: 'patientId', message: noPatient }]),
  }
}

const distinct = (values: readonly (string | null | undefined)[]): string[] => [
  ...new Set(values.filter((value) => typeof value === 'string')),
]

async function bornFromOf(db: TenantDb, ids: string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('patient')
    .select(['id', 'born_from'])
    .where('id', 'in', ids)
    .where('hidden_at', 'is', null)
    .execute()
  return new Map(rows.map(({ id, born_from }) => [id, born_from]))
}

async function servicesOf(db: TenantDb, ids: string[]): Promise<Map<string, boolean>> {
  if (ids.length === 0) return new Map()
  const rows = await db.selectFrom('service').select(['id', 'active']).where('id', 'in', ids).execute()
  return new Map(rows.map(({ id, active }) => [id, active]))
}

async function bedsOf(db: TenantDb, ids: string[]): Promise<Map<string, KnownBed>> {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('bed')
    .innerJoin('bed_opening', 'bed_opening.bed_id', 'bed.id')
    .select(['bed.id', 'bed.service_id', 'bed.state', 'bed_opening.opened_on', 'bed_opening.closed_on'])
    .select('bed_opening.service_id as opened_in')
    .where('bed.id', 'in', ids)
    .execute()
  const beds = new Map<string, KnownBed>()
  for (const { id, service_id, state, opened_on, closed_on, opened_in } of rows) {
    const opening = { serviceId: opened_in, openedOn: opened_on, closedOn: closed_on }
    const others = beds.get(id)?.openings ?? []
    beds.set(id, { serviceId: service_id, state, openings: [...others, opening] })
  }
  return beds
}

// The same sentence for an unknown patient, a hidden one and another establishment's.
const noPatient = text(
  'Aucun patient de l’établissement n’a cet identifiant.',
  'No patient of the establishment has this identifier.',
)
