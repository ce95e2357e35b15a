import type { TenantDb } from '#tenancy'
import { today } from '../../shared/clock.ts'
import type { FieldError } from '../../shared/errors.ts'
import { text } from '../../shared/text.ts'
import { findIcd10Codes, tidyCode } from '../icd10/index.ts'
import type { CodeInput } from './rules/codes.ts'
import type { Context } from './rules/fields.ts'

type Referring = {
  patientId: string
  serviceId?: string | null | undefined
  specialtyId?: string | null | undefined
  codes?: readonly CodeInput[] | undefined
}

export type References = {
  contextOf(input: Referring): Context
  /** What the establishment does not have, or offers no more, of what `input` names. */
  errorsOf(input: Referring): FieldError[]
}

/** What these visits refer to, read with one statement a kind, however many visits. */
export async function readReferences(db: TenantDb, inputs: readonly Referring[]): Promise<References> {
  const patients = await bornFromOf(db, distinct(inputs.map(({ patientId }) => patientId)))
  const services = await activeOf(db, 'service', distinct(inputs.map(({ serviceId }) => serviceId)))
  const specialties = await activeOf(db, 'specialty', distinct(inputs.map(({ specialtyId }) => specialtyId)))
  const known = await findIcd10Codes(
    db,
    distinct(inputs.flatMap(({ codes }) => codes?.map(({ code }) => tidyCode(code)) ?? [])),
  )
  const day = today()
  return {
    contextOf: ({ patientId }) => ({ today: day, bornFrom: patients.get(patientId), known }),
    errorsOf: ({ patientId, serviceId, specialtyId }) => [
      ...(patients.has(patientId) ? [] : [{ path: 'patientId', message: noPatient }]),
      ...listErrors('serviceId', serviceId, services.get(serviceId ?? '')),
      ...listErrors('specialtyId', specialtyId, specialties.get(specialtyId ?? '')),
    ],
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

async function activeOf(db: TenantDb, list: 'service' | 'specialty', ids: string[]): Promise<Map<string, boolean>> {
  if (ids.length === 0) return new Map()
  // Both tables have these columns; the builder cannot type a union of tables.
  const rows = await db
    .selectFrom(list as 'service')
    .select(['id', 'active'])
    .where('id', 'in', ids)
    .execute()
  return new Map(rows.map(({ id, active }) => [id, active]))
}

/** @param active of the entry that `id` names; none: there is no such entry */
export function listErrors(
  path: 'serviceId' | 'specialtyId',
  id: string | null | undefined,
  active: boolean | null | undefined,
): FieldError[] {
  if (id === null || id === undefined || active === true) return []
  return [{ path, message: active === false ? switchedOff : unlisted }]
}

// The same sentence for an unknown patient, a hidden one and another establishment's.
const noPatient = text(
  "Aucun patient de l'établissement n'a cet identifiant.",
  'No patient of the establishment has this identifier.',
)
const unlisted = text(
  "Cet identifiant n'est pas dans la liste de l'établissement.",
  "This identifier is not in the establishment's list.",
)
const switchedOff = text(
  "Cette entrée de la liste n'est plus proposée.",
  'This entry of the list is no longer offered.',
)
