import type { Rig } from './rig.ts'
import type { Workload, Write } from './workload.ts'

/** What the database holds against what the clients were told. Each list should be empty. */
export type Findings = {
  /** Told 2xx, and not there. */
  lost: string[]
  /** There more than once. */
  doubled: string[]
  /** Told that nothing was done, and there. */
  refusedYetStored: string[]
  /** There, and nobody sent it. */
  neverSent: string[]
  /** History, audit, keys or counters that do not agree with the records. */
  disagreeing: string[]
}

type Stored = { slug: string; id: string; resource: string; version: number; marker: string; versions: number[] }

/**
 * Compares a run with what is stored, as superuser, past all walls.
 * @param earlier the runs that wrote into the same database before; nobody else may have
 */
export async function check(rig: Rig, { writes, counters }: Workload, earlier: Workload[] = []): Promise<Findings> {
  const findings: Findings = { lost: [], doubled: [], refusedYetStored: [], neverSent: [], disagreeing: [] }
  const schemas = await rig.asSuperuser<{ slug: string; schema: string }>(
    `select slug, schema_name as schema from sis_platform.establishment where slug = any($1)`,
    [[...new Set(writes.map(({ slug }) => slug))]],
  )
  const copies = new Map<string, number>()
  for (const { slug, schema } of schemas) {
    for (const { marker, count } of await rig.asSuperuser<{ marker: string; count: number }>(storedMarkers(schema)))
      copies.set(`${slug} ${marker}`, count)
    const records = await rig.asSuperuser<Stored>(disagreements(schema))
    findings.disagreeing.push(...records.map((row) => `${slug} ${JSON.stringify(row)}`))
    const unfinished = await rig.asSuperuser<{ key: string }>(
      `select key from ${schema}.idempotency_key where status is null or body is null`,
    )
    findings.disagreeing.push(...unfinished.map(({ key }) => `${slug} key without an answer: ${key}`))
    const keys = new Set(
      (await rig.asSuperuser<{ key: string }>(`select key from ${schema}.idempotency_key`)).map(({ key }) => key),
    )
    for (const write of writes)
      if (write.slug === slug && write.habit === 'keyed' && keys.has(`key-${write.marker}`) !== isStored(write, copies))
        findings.disagreeing.push(`${slug} ${write.marker}: key and record do not agree`)
  }
  for (const write of writes) judge(write, copies, findings)
  const sent = new Set(
    [{ writes }, ...earlier].flatMap((run) => run.writes.map(({ slug, marker }) => `${slug} ${marker}`)),
  )
  findings.neverSent.push(...[...copies.keys()].filter((marker) => !sent.has(marker)))
  for (const counter of counters) {
    const schema = schemas.find(({ slug }) => slug === counter.slug)?.schema ?? ''
    findings.disagreeing.push(...(await counted(rig, schema, counter)))
  }
  return findings
}

const isStored = ({ slug, marker }: Write, copies: Map<string, number>): boolean => copies.has(`${slug} ${marker}`)

function judge(write: Write, copies: Map<string, number>, findings: Findings): void {
  const count = copies.get(`${write.slug} ${write.marker}`) ?? 0
  if (count === 0 && write.outcome === 'stored') findings.lost.push(write.marker)
  if (count > 1) findings.doubled.push(write.marker)
  if (count > 0 && write.outcome === 'refused') findings.refusedYetStored.push(write.marker)
}

// A counter's text is "<value> <marker>": each marker that was ever written is in the history, once per version.
const storedMarkers = (schema: string): string => `
  select marker, count(*)::int as count from (
    select regexp_replace(coalesce(data ->> 'notes', data ->> 'motherName'), '^[0-9]+ ', '') as marker
    from ${schema}.record_version where resource in ('patient', 'consultation')
  ) as told group by marker`

// A record without its versions 1, 2, …, without as many entries in the audit, or that differs from its last version.
const disagreements = (schema: string): string => `
  with record as (
    select 'patient' as resource, id, version, mother_name as text from ${schema}.patient
    union all select 'consultation', id, version, notes from ${schema}.consultation
  ), told as (
    select resource, resource_id as id, array_agg(version order by version) as versions,
      (array_agg(coalesce(data ->> 'notes', data ->> 'motherName') order by version desc))[1] as text
    from ${schema}.record_version group by resource, resource_id
  ), audited as (
    select resource, resource_id, count(*)::int as entries, count(*) filter (where action like '%.create') as creations
    from sis_audit.entry where tenant = '${schema}' and action in
      ('patient.create', 'patient.update', 'consultation.create', 'consultation.update') and outcome = 'success'
    group by resource, resource_id
  )
  select coalesce(record.resource, told.resource, audited.resource) as resource,
    coalesce(record.id::text, told.id::text, audited.resource_id) as id, record.version, told.versions, entries
  from record
  full join told on told.resource = record.resource and told.id = record.id
  full join audited on audited.resource = told.resource and audited.resource_id = told.id::text
  where record.id is null or told.id is null or audited.resource_id is null
    or told.versions <> array(select generate_series(1, record.version))
    or record.text <> told.text or audited.entries <> record.version or audited.creations <> 1`

/** A counter's value is the number of its changes: an increment that was overwritten or made twice would show. */
async function counted(rig: Rig, schema: string, { path, field }: Workload['counters'][number]): Promise<string[]> {
  const [, , , table, id] = path.split('/')
  const column = field === 'notes' ? 'notes' : 'mother_name'
  const rows = await rig.asSuperuser<{ version: number; value: number }>(
    `select version, substring(${column} from '^[0-9]+')::int as value
     from ${schema}.${table === 'patients' ? 'patient' : 'consultation'} where id = $1`,
    [id],
  )
  return rows.flatMap(({ version, value }) =>
    value === version - 1 ? [] : [`${path} counts ${value} after ${version - 1} changes`],
  )
}
