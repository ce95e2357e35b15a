import { currentEra, sealedTo } from '../seals/stored.ts'
import type { Findings, Site } from './finding.ts'

// As migrations/platform/0003_audit.sql makes them, without the brackets that PostgreSQL adds: whoever adds one, or bends
// one, opens a door.
const policiesOf = (installation: string): string[] => [
  'own_read | SELECT | public | tenant = CURRENT_USER | ',
  'own_append | INSERT | public |  | tenant = CURRENT_USER AND chain = CURRENT_USER',
  `accounts_append | INSERT | sis_${installation}_accounts |  | chain = 'platform'::text`,
  `audit_append | INSERT | sis_${installation}_audit |  | chain = 'platform'::text OR chain = tenant`,
  `audit_read | SELECT | sis_${installation}_audit | true | `,
]
const tailSeconds = 30

/** Whether the audit record is being sealed, and whether the wall between its establishments stands. */
export async function lookAtAudit({ look, installation }: Site): Promise<Findings> {
  const [table] = await look.query<{ is_there: boolean; guarded: boolean; policies: string[] | null }>(
    `select to_regclass('sis_audit.seal') is not null as is_there,
       coalesce((select relrowsecurity from pg_class where oid = to_regclass('sis_audit.entry')), false) as guarded,
       (select array_agg(concat_ws(' | ', policyname, cmd, array_to_string(roles, ', '), translate(coalesce(qual, ''), '()', ''),
          translate(coalesce(with_check, ''), '()', '')) order by policyname)
        from pg_policies where schemaname = 'sis_audit' and tablename = 'entry') as policies`,
  )
  // Told by platform_migrations.
  if (!table?.is_there) return { audit_sealing: [], audit_wall: [] }
  const [policies, found] = [policiesOf(installation), new Set(table.policies)]
  // What a transaction holds up that is still under way cannot be sealed yet.
  const [tail] = await look.query<{ count: number; since: string }>(
    `select count(*)::int as count, to_char(min(at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as since from sis_audit.entry
     where era = ${currentEra} and xid >= ${sealedTo} and xid < pg_snapshot_xmin(pg_current_snapshot())
       and at < now() - interval '${tailSeconds} seconds'`,
  )
  return {
    audit_sealing: tail && tail.count > 0 ? [`${tail.count} ≥ ${tail.since}`] : [],
    audit_wall: [
      ...(table.guarded ? [] : ['ROW LEVEL SECURITY']),
      ...policies.filter((name) => !found.has(name)).map((name) => `−${name}`),
      ...[...found].filter((name) => !policies.includes(name)).map((name) => `+${name}`),
    ],
  }
}
