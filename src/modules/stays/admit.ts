import { isDeepStrictEqual } from 'node:util'
import { v7 as uuidv7 } from 'uuid'
import type { TenantDb } from '#tenancy'
import { audit } from '../../platform/audit/index.ts'
import type { Actor, Created } from '../../platform/http/index.ts'
import { invalidInput, problem } from '../../shared/errors.ts'
import { text } from '../../shared/text.ts'
import type { CodedDiagnosis } from '../consultations/index.ts'
import { addVersion, listVersions } from '../history/index.ts'
import { refuseProtected } from '../patients/index.ts'
import { tellAdmission } from './notices.ts'
import { getStay, holdForStay } from './queries.ts'
import { toColumns, toStayVersion } from './record.ts'
import { readReferences } from './references.ts'
import { judgeNew, type NewStay } from './rules/fields.ts'
import { assertPlaces, entryOf, holdPlaces, refusing, storePlaces } from './store.ts'
import type { Stay, StayCreate, StayVersion } from './schemas.ts'

/**
 * Admits a patient, directly or from a consultation. The same id with the same content again is the same stay (200).
 * @param shortObservation the establishment keeps patients under short observation only
 * @throws invalid_input with every field that is wrong, patient_protected, bed_unavailable, id_already_used;
 *   bed_taken, patient_already_admitted, consultation_already_admitted: the database says so
 */
export async function admit(
  db: TenantDb,
  actor: Actor,
  { id = uuidv7(), ...given }: StayCreate,
  shortObservation: boolean,
): Promise<Created<Stay>> {
  const { status: condition, ...asked } = given
  const { input, consultedOn } = await withConsultation(db, actor, asked)
  await holdForStay(db, actor, input.patientId)
  const place = { serviceId: await serviceOf(db, asked), bedId: asked.bedId ?? null }
  await holdPlaces(db, [place])
  const references = await readReferences(db, [{ ...input, places: [place] }])
  const context = { ...references.contextOf(input), consultedOn }
  const { fields, errors } = judgeNew({ ...input, ...place, condition, shortObservation }, context, uuidv7())
  const location = `/api/v1/stays/${id}`
  const data = toStayVersion(id, 1, fields)
  if (await findCreated(db, id, data)) return { body: await getStay(db, actor, id), status: 200, location }
  await assertPlaces(db, [], fields.places, [...references.errorsOf(input), ...errors])
  const inserted = await refusing(
    db
      .insertInto('stay')
      .values({ id, ...toColumns(fields), created_by_id: actor.id, created_by_name: actor.name.slice(0, 160) })
      // Of the identifier only: what the constraints refuse is not passed over.
      .onConflict((conflict) => conflict.column('id').doNothing())
      .returning('id')
      .executeTakeFirst(),
  )
  if (!inserted) throw problem('id_already_used')
  await storePlaces(db, actor, id, [], fields.places)
  await addVersion(db, actor, { resource: 'stay', id, version: 1, action: 'create', data })
  await audit(db, actor, entryOf({ id, patient_id: fields.patientId }, 'create'))
  const body = await getStay(db, actor, id)
  await tellAdmission(db, body)
  return { body, location }
}

type Admission = Omit<NewStay, 'serviceId' | 'bedId'>

/** What is asked, completed from the consultation. @throws invalid_input, patient_protected */
async function withConsultation(
  db: TenantDb,
  actor: Actor,
  { consultationId, ...asked }: Omit<StayCreate, 'status' | 'id'>,
): Promise<{ input: Admission; consultedOn?: string }> {
  const { patientId } = asked
  if (!consultationId) {
    if (patientId === undefined) throw invalidInput({ path: 'patientId', message: nobody })
    return { input: { ...asked, patientId } }
  }
  const row = await db
    .selectFrom('consultation')
    .select(['patient_id', 'date', 'reason', 'diagnosis', 'codes'])
    .where('id', '=', consultationId)
    .where('hidden_at', 'is', null)
    .executeTakeFirst()
  if (!row) throw invalidInput({ path: 'consultationId', message: noConsultation })
  await refuseProtected(db, actor, row.patient_id)
  if (patientId !== undefined && patientId !== row.patient_id)
    throw invalidInput({ path: 'patientId', message: anotherPatient })
  const codes = (row.codes as CodedDiagnosis[]).map(({ code, role }) => ({ code, role }))
  const taken = { reason: row.reason, diagnosis: row.diagnosis, codes }
  const own = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)) as typeof asked
  return { input: { ...taken, ...own, consultationId, patientId: row.patient_id }, consultedOn: row.date }
}

/** The service that is named, or that of the bed. @throws invalid_input */
export async function serviceOf(
  db: TenantDb,
  { serviceId, bedId }: { serviceId?: string | undefined; bedId?: string | null | undefined },
  otherwise?: string,
): Promise<string> {
  if (serviceId !== undefined) return serviceId
  if (!bedId) {
    if (otherwise !== undefined) return otherwise
    throw invalidInput({ path: 'serviceId', message: nowhere })
  }
  const bed = await db.selectFrom('bed').select('service_id').where('id', '=', bedId).executeTakeFirst()
  if (!bed) throw invalidInput({ path: 'bedId', message: noBed })
  return bed.service_id
}

// A client on a bad network sends its admission again: the same content under the same id is the same act.
async function findCreated(db: TenantDb, id: string, data: StayVersion): Promise<boolean> {
  const row = await db.selectFrom('stay').select(['hidden_at']).where('id', '=', id).executeTakeFirst()
  if (!row) return false
  const versions = await listVersions<StayVersion>(db, 'stay', id)
  const first = versions.find(({ version }) => version === 1)
  if (row.hidden_at === null && first && isDeepStrictEqual(comparable(first.data), comparable(data))) return true
  throw problem('id_already_used')
}

const comparable = ({ movements, ...data }: StayVersion) => ({
  ...data,
  movements: movements.map(({ id: _id, ...place }) => place),
})

const nobody = text('Indiquez le patient, ou la consultation qui l’admet.', 'Give the patient, or the consultation.')
const noConsultation = text(
  'Aucune consultation de l’établissement n’a cet identifiant.',
  'No consultation of the establishment has this identifier.',
)
const anotherPatient = text(
  'Cette consultation est celle d’un autre patient.',
  'This consultation is about another patient.',
)
const nowhere = text('Indiquez le service, ou un lit.', 'Give the service, or a bed.')
const noBed = text(
  'Aucun lit de l’établissement n’a cet identifiant.',
  'No bed of the establishment has this identifier.',
)
