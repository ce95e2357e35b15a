import type { TenantDb } from '#tenancy'
import { protectedAmong, type Viewer } from '../../patients/index.ts'
import type { Run } from './queries.ts'
import type { StoredReport } from './report.ts'

/** The report without proposals that name a patient whom `viewer` may not see, now and not when it was made. */
export async function shownTo(db: TenantDb, viewer: Viewer, run: Run): Promise<Run> {
  const report = run.report as StoredReport
  const named = report.proposals.flatMap(({ patientId, candidateId }) => [patientId, candidateId])
  const hidden = await protectedAmong(db, viewer, [...new Set(named.filter((id) => id !== null))])
  if (hidden.size === 0) return run
  const proposals = report.proposals.filter(
    ({ patientId, candidateId }) => !hidden.has(patientId ?? '') && !hidden.has(candidateId ?? ''),
  )
  const left = report.proposals.length - proposals.length
  return { ...run, report: { ...report, proposals, proposedMatches: report.proposedMatches - left } }
}
