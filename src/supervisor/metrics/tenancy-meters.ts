import type { Tenancy } from '#tenancy'
import { labelled, type Meters, type Sample } from '../../shared/meters.ts'

/** How a process's side of the database is whenever somebody asks. */
export function measureTenancy(meters: Meters, { gauges }: Pick<Tenancy, 'gauges'>): void {
  type Affinity = ReturnType<Tenancy['gauges']>['affinity'][string]
  const ofPools = (value: (one: Affinity) => number): Sample[] =>
    Object.entries(gauges().affinity).map(([pool, one]) => [labelled({ pool }), value(one)])
  const each = <T extends object>(of: Record<string, T>, name: string): Sample[] =>
    Object.entries(of).flatMap(([pool, states]) =>
      Object.entries(states).map(([state, count]): Sample => [labelled({ pool, [name]: state }), Number(count)]),
    )
  meters.gauge('sis_db_connections', 'Connections by what they are for: open, used now, and who waits for one.', () =>
    each(gauges().connections, 'state'),
  )
  meters.total('sis_db_connections_opened_total', 'Connections that were opened.', () =>
    ofPools(({ opened }) => opened),
  )
  meters.total('sis_db_connections_retired_total', 'Connections that were ended for their memory or their age.', () =>
    ofPools(({ retired }) => retired),
  )
  meters.total('sis_db_affinity_total', 'Whether the establishment was known to the connection that served it.', () => {
    const { affinity } = gauges()
    return each(Object.fromEntries(Object.entries(affinity).map(([pool, { found }]) => [pool, found])), 'found')
  })
  meters.gauge('sis_db_touched_establishments', 'Establishments that a connection has had: the most, and of all.', () =>
    Object.entries(gauges().affinity).flatMap(([pool, { touched }]): Sample[] => [
      [labelled({ pool, of: 'most' }), Math.max(0, ...touched)],
      [labelled({ pool, of: 'all' }), touched.reduce((sum, count) => sum + count, 0)],
    ]),
  )
  meters.gauge('sis_db_named_statements', 'Statements that the connections remember.', () =>
    ofPools(({ named }) => named),
  )
  meters.gauge('sis_db_memory_bytes', 'What the connections take in PostgreSQL, estimated, and may take.', () =>
    Object.entries(gauges().memoryMb).map(([state, mb]): Sample => [labelled({ state }), mb * 1_048_576]),
  )
  meters.gauge(
    'sis_db_reads_in_flight',
    'One-shot reads on their way on the shared connections.',
    () => gauges().readsFlying,
  )
  meters.gauge('sis_audit_held_entries', 'Reads whose answer waits for the record.', () => gauges().recordsHeld)
  meters.gauge(
    'sis_directory_age_seconds',
    'How old the known establishments and revocations are.',
    () => gauges().directoryAgeMs / 1_000,
  )
  meters.gauge('sis_directory_establishments', 'Establishments that the process knows.', () => gauges().establishments)
}
