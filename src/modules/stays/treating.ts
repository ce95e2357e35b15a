import type { TenantDb } from '#tenancy'

/** Who admitted the patient, or wrote down what was observed, since an instant; not who imported a book. */
export async function treatingInStays(
  db: TenantDb,
  patientId: string,
  since: string,
): Promise<{ id: string | null; name: string }[]> {
  const admitting = await db
    .selectFrom('stay')
    .innerJoin('record_version', (join) =>
      join
        .onRef('record_version.resource_id', '=', 'stay.id')
        .on('record_version.resource', '=', 'stay')
        .on('record_version.version', '=', 1),
    )
    .select(['stay.created_by_id as id', 'stay.created_by_name as name'])
    .where('stay.patient_id', '=', patientId)
    .where('stay.hidden_at', 'is', null)
    .where('stay.created_at', '>=', since)
    .where('record_version.action', '=', 'create')
    .limit(200)
    .execute()
  const observing = await db
    .selectFrom('stay_observation')
    .innerJoin('stay', 'stay.id', 'stay_observation.stay_id')
    .select(['stay_observation.created_by_id as id', 'stay_observation.created_by_name as name'])
    .distinct()
    .where('stay.patient_id', '=', patientId)
    .where('stay.hidden_at', 'is', null)
    .where('stay_observation.hidden_at', 'is', null)
    .where('stay_observation.created_at', '>=', since)
    .limit(200)
    .execute()
  return [...admitting, ...observing]
}
