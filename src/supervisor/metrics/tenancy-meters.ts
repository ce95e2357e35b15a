import type { Tenancy } from '#tenancy'
import { labelled, type Meters, type Sample } from '../../shared/meters.ts'

/** How a process's side of the database is whenever somebody asks. */
export function measureTenancy(meters: Meters, { gauges }: Pick<Tenancy, 'gauges'>): void {
  meters.gauge('sis_db_connections', 'Connections by what they are for: open, used now, and who waits for one.', () =>
    Object.entries(gauges().connections).flatMap(([pool, states]) =>
      Object.entries(states).map(([state, count]): Sample => [labelled({ pool, state }), count]),
    ),
  )
  meters.gauge(
    'sis_db_reads_in_flight',
    'One-shot reads on their way on the shared connections.',
    () => gauges().readsFlying,
  )
  meters.gauge('sis_db_named_statements', 'Statements that the shared connections remember.', () => gauges().named)
  meters.gauge('sis_audit_held_entries', 'Reads whose answer waits for the record.', () => gauges().recordsHeld)
  meters.gauge(
    'sis_directory_age_seconds',
    'How old the known establishments and revocations are.',
    () => gauges().directoryAgeMs / 1_000,
  )
  meters.gauge('sis_directory_establishments', 'Establishments that the process knows.', () => gauges().establishments)
}
