import type { Findings, Site } from './finding.ts'

// A week of a centre's work can be entered again from its paper register; a month cannot.
const oldestDays = 7
/** How long a new installation may be without. */
const graceDays = 1

/** When the whole was last saved, and last restored for a try. What does not run as `sis backup` is not known here. */
export async function lookAtBackups({ look }: Site): Promise<Findings> {
  const [known] = await look.query<{ there: boolean; days: number }>(
    `select to_regclass('sis_platform.backup_run') is not null as there,
       extract(epoch from now() - created_at)::float8 / 86400 as days from sis_platform.installation`,
  )
  if (!known?.there) return { backup_age: [], backup_drill: [] }
  const runs = await look.query<{ kind: string; days: number }>(
    `select kind, extract(epoch from now() - max(at))::float8 / 86400 as days from sis_platform.backup_run
     where outcome = 'success' group by kind`,
  )
  const lateness = (kind: string): string[] => {
    const days = runs.find((run) => run.kind === kind)?.days
    if (days === undefined) return known.days > graceDays ? ['∄'] : []
    return days > oldestDays ? [`${Math.floor(days)} > ${oldestDays}`] : []
  }
  return { backup_age: lateness('backup'), backup_drill: lateness('drill') }
}
