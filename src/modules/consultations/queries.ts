import { run, statement, type Statement, type Tenant, type TenantDb } from '#tenancy'
import { now } from '../../shared/clock.ts'
import { problem } from '../../shared/errors.ts'
import { remembered } from '../../shared/remembered.ts'
import type { Language } from '../../shared/text.ts'
import { listVersions } from '../history/index.ts'
import { holdPatient, kindOf, noteGlasses, placedIn, refuseProtected, type Viewer } from '../patients/index.ts'
import {
  consultationColumns,
  selectConsultations,
  toConsultation,
  type ConsultationRow,
  type FullRow,
} from './record.ts'
import type { Consultation, ConsultationVersion } from './schemas.ts'

type ById = { id: string; viewer: string; at: string }

const statements = remembered<Statement<ById, FullRow>>(3)

const found = (viewer: Viewer, id: string): [Statement<ById, FullRow>, ById] => [
  statements(kindOf(viewer), () =>
    statement(
      'consultation.get',
      (db, value) =>
        selectConsultations(db, placedIn(viewer, value('viewer')), value('at'))
          .where('consultation.id', '=', value('id'))
          .where('consultation.hidden_at', 'is', null)
          .limit(1),
      { plannedOnce: true },
    ),
  ),
  { id, viewer: viewer.id ?? '', at: now().toISOString() },
]

/**
 * A consultation that is not hidden, of a patient whom `viewer` may see.
 * @throws patient_protected: of a sensitive file, which can be opened by a break-glass; consultation_not_found: unknown,
 *   hidden, or another establishment's, without telling which
 */
export async function getConsultation(
  db: TenantDb,
  viewer: Viewer,
  id: string,
  language: Language,
): Promise<Consultation> {
  const [asked, values] = found(viewer, id)
  const [row] = await run(db, asked, values)
  return row ? shown((look) => look(db), viewer, row, values.at, language) : refuseAbsent(db, viewer, id)
}

/** The same in a transaction of its own, of one statement when it is found. @throws as getConsultation */
export async function readConsultation(
  tenant: Tenant,
  viewer: Viewer,
  id: string,
  language: Language,
): Promise<Consultation> {
  const [asked, values] = found(viewer, id)
  const [row] = await tenant.once(asked, values)
  return row ? shown(tenant.read, viewer, row, values.at, language) : tenant.read((db) => refuseAbsent(db, viewer, id))
}

async function shown(
  read: Tenant['read'],
  viewer: Viewer,
  row: FullRow,
  at: string,
  language: Language,
): Promise<Consultation> {
  await noteGlasses(read, viewer, [row], at)
  return toConsultation(row, language)
}

/** The row, locked until the end of the transaction. @throws patient_protected, consultation_not_found */
export async function lockConsultation(db: TenantDb, viewer: Viewer, id: string): Promise<ConsultationRow> {
  const row = await db
    .selectFrom('consultation')
    .select(consultationColumns)
    .where('id', '=', id)
    .where('hidden_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
  if (!row) throw problem('consultation_not_found')
  await holdPatient(db, viewer, row.patient_id)
  return row
}

/** Every version of a consultation of a patient whom `viewer` may see, newest first; none of an unknown one. @throws patient_protected */
export async function listConsultationVersions(db: TenantDb, viewer: Viewer, id: string) {
  const versions = await listVersions<ConsultationVersion>(db, 'consultation', id)
  const [newest] = versions
  if (newest) await refuseProtected(db, viewer, newest.data.patientId)
  return versions
}

async function refuseAbsent(db: TenantDb, viewer: Viewer, id: string): Promise<never> {
  const row = await db
    .selectFrom('consultation')
    .select('patient_id')
    .where('id', '=', id)
    .where('hidden_at', 'is', null)
    .executeTakeFirst()
  if (row) await refuseProtected(db, viewer, row.patient_id)
  throw problem('consultation_not_found')
}
