import { insertAll, type TenantDb } from '#tenancy'
import { auditAll } from '../../platform/audit/index.ts'
import type { Actor } from '../../platform/http/index.ts'
import { now } from '../../shared/clock.ts'
import { addVersions } from '../history/index.ts'
import { columnsOf } from './record.ts'
import type { ConsultationFields } from './rules/fields.ts'
import type { ConsultationVersion } from './schemas.ts'

/** A visit as `judgeNew` made it, under an id that nobody has. */
export type JudgedVisit = { id: string; fields: ConsultationFields }

/**
 * Stores visits of a register with their history and audit, three statements for all: a few thousand at most. They are
 * not judged again, and what they refer to is there: the database's keys say so too.
 * @throws a database error when an id is taken, or a patient or service is unknown
 */
export async function storeVisits(db: TenantDb, actor: Actor, visits: readonly JudgedVisit[]): Promise<void> {
  const at = now().toISOString()
  const same = {
    version: 1,
    created_by_id: actor.id,
    created_by_name: actor.name.slice(0, 160),
    created_at: at,
    updated_at: at,
  }
  const rows = visits.map(({ id, fields }) => Object.assign(columnsOf(fields), { id }))
  await Promise.all([
    insertAll(db, 'consultation', rows, same),
    addVersions(
      db,
      actor,
      visits.map(({ id, fields }) => ({
        resource: 'consultation',
        id,
        version: 1,
        action: 'import',
        data: { id, version: 1, ...fields } satisfies ConsultationVersion,
      })),
    ),
    auditAll(
      db,
      actor,
      rows.map(({ id, patient_id }) => ({
        action: 'consultation.import',
        resource: 'consultation',
        resourceId: id,
        patientId: patient_id,
      })),
    ),
  ])
}
