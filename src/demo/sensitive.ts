import type { TenantDb } from '#tenancy'
import { joinTeam, openMs } from '../modules/patients/index.ts'
import type { Actor } from '../platform/http/index.ts'
import type { DemoAccount } from './accounts.ts'
import { seeded } from './random.ts'

type Opened = { by: string; at: string; reason: string }

/** By establishment: which of its files is sensitive, counted from the first, and who opened it without caring for it. */
const sensitive: Record<string, { file: number; opened?: Opened }> = {
  sih_mopti: {
    file: 11,
    opened: {
      by: 'Dr Boubacar Touré, garde',
      at: '2026-10-29T22:14:00.000Z',
      reason: 'Garde de nuit : arrivée inconsciente, antécédents nécessaires',
    },
  },
  cabinet_nando: { file: 4 },
}

/** The patients with the mark where the demonstration has it. */
export const withMark = <P extends object>(slug: string, patients: P[]): P[] =>
  patients.map((patient, index) => (index === sensitive[slug]?.file ? { ...patient, sensitive: true } : patient))

/** The establishment's agent cares for the marked one; the break-glass waits for the administrator. */
export async function protect(
  db: TenantDb,
  actor: Actor,
  slug: string,
  patients: readonly { id: string; sensitive?: boolean }[],
  agent: DemoAccount,
): Promise<void> {
  const marked = patients.find((patient) => patient.sensitive)
  if (!marked) return
  await joinTeam(db, actor, [{ patientId: marked.id, userId: agent.id, userName: agent.name, origin: 'marked' }])
  const opened = sensitive[slug]?.opened
  if (!opened) return
  const at = Date.parse(opened.at)
  const random = seeded(`SIS break-glass ${slug}`)
  await db
    .insertInto('break_glass')
    .values({
      id: random.uuid(at),
      patient_id: marked.id,
      user_id: random.uuid(at),
      user_name: opened.by,
      user_role: agent.role,
      reason: opened.reason,
      opened_at: opened.at,
      expires_at: new Date(at + openMs).toISOString(),
    })
    .execute()
}
