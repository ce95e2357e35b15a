import type { TenantDb } from '#tenancy'
import { agentRoles, establishmentRoles } from '../../platform/auth/index.ts'
import { notice, notify } from '../../platform/notices/index.ts'
import { text } from '../../shared/text.ts'
import type { Stay } from './schemas.ts'

type Placed = { service: string; bed: string | null }

const admitted = notice<Placed>('stay.admitted', {
  kind: 'admission',
  severity: 'info',
  text: ({ service, bed }) =>
    bed === null
      ? text(`Admission en ${service}, sans lit`, `Admission to ${service}, without a bed`)
      : text(`Admission en ${service}, lit ${bed}`, `Admission to ${service}, bed ${bed}`),
})
const critical = notice<Placed>('stay.critical', {
  kind: 'criticalStatus',
  severity: 'critical',
  text: ({ service, bed }) =>
    bed === null
      ? text(`Un patient de ${service} est dans un état critique`, `A patient of ${service} is in a critical condition`)
      : text(
          `Le patient du lit ${bed} (${service}) est dans un état critique`,
          `The patient in bed ${bed} (${service}) is in a critical condition`,
        ),
})
const shortage = notice<{ service: string }>('stay.bedShortage', {
  kind: 'bedShortage',
  severity: 'warning',
  text: ({ service }) => text(`Un patient de ${service} est sans lit`, `A patient of ${service} has no bed`),
})

const about = ({ id, patientId, service, bed }: Stay) => ({
  resource: 'stay',
  resourceId: id,
  patientId,
  params: { service: service.name, bed: bed?.code ?? null },
})

/** To those who care for patients; to the administrator too that beds are short. The last statements of an act. */
export async function tellAdmission(db: TenantDb, stay: Stay): Promise<void> {
  await notify(db, admitted, { ...about(stay), roles: agentRoles })
  await tellCondition(db, undefined, stay)
  await tellShortage(db, undefined, stay)
}

/** When the patient's condition became critical. */
export async function tellCondition(db: TenantDb, before: string | undefined, stay: Stay): Promise<void> {
  if (stay.status === 'critical' && before !== 'critical')
    await notify(db, critical, { ...about(stay), roles: agentRoles })
}

/** When a patient who had a bed, or was not there, has none now. @param before the bed until now */
export async function tellShortage(db: TenantDb, before: string | null | undefined, stay: Stay): Promise<void> {
  if (stay.bedId !== null || stay.dischargedAt !== null || before === null) return
  const { params, ...rest } = about(stay)
  await notify(db, shortage, { ...rest, params: { service: params.service }, roles: establishmentRoles })
}
