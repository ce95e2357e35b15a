import { daysWithin, utcDay, type TenantDb } from '#tenancy'
import { today } from '../../../shared/clock.ts'
import { problem } from '../../../shared/errors.ts'
import { dayAfter, daysOf, indicatorsOf, noSums, refuseBadPeriod, totalOf, type Sums } from './rules.ts'
import type { Indicators, IndicatorsQuery } from './schemas.ts'

type Period = { from: string; to: string; after: string }
type Row = { service_id: string } & Partial<Sums>

/**
 * The indicators of beds over a period, of the establishment and of each of its services.
 * @throws invalid_input for a period; service_not_found
 */
export async function readIndicators(db: TenantDb, { from, to, serviceId }: IndicatorsQuery): Promise<Indicators> {
  refuseBadPeriod({ from, to }, today())
  const period = { from, to, after: dayAfter(to) }
  const sums = new Map<string, Sums>()
  for (const count of [patientDays, bedDays, admissions, transfers, discharges])
    for (const { service_id, ...counted } of await count(db, period)) {
      const known = sums.get(service_id) ?? noSums()
      for (const key of Object.keys(counted) as (keyof Sums)[]) known[key] += counted[key] ?? 0
      sums.set(service_id, known)
    }
  const days = daysOf(from, to)
  const services = (await namesOf(db, serviceId ?? [...sums.keys()])).map((service) => ({
    service,
    ...indicatorsOf(sums.get(service.id) ?? noSums(), days),
  }))
  if (serviceId !== undefined && services.length === 0) throw problem('service_not_found')
  const total = serviceId === undefined ? indicatorsOf(totalOf(sums.values()), days) : null
  return { from, to, days, total, services }
}

const namesOf = (db: TenantDb, ids: string | string[]) =>
  ids.length === 0
    ? Promise.resolve([])
    : db
        .selectFrom('service')
        .select(['id', 'name'])
        .where('id', 'in', [ids].flat())
        .orderBy('name_key')
        .orderBy('id')
        .execute()

/**
 * The days of a place are those at whose end the patient was there: the day of admission counts, the day of discharge does
 * not, and on the day of a transfer the service that received. Who came and left on one day was there for one day: it is
 * that of the service of the discharge, by `discharges`.
 */
const patientDays = (db: TenantDb, { from, after }: Period): Promise<Row[]> =>
  db
    .selectFrom('stay_place')
    .select((eb) => [
      'service_id',
      eb.fn.sum<number>(daysWithin(utcDay(eb.ref('from_at')), utcDay(eb.ref('to_at')), from, after)).as('patientDays'),
    ])
    .where('hidden', '=', false)
    .where('from_at', '<', `${after}T00:00:00Z`)
    .where((eb) => eb.or([eb('to_at', 'is', null), eb('to_at', '>=', `${from}T00:00:00Z`)]))
    .groupBy('service_id')
    .execute()

/** Every day of a bed's openings: a bed that is being cleaned or is out of order is there, one that is closed is not. */
const bedDays = (db: TenantDb, { from, to, after }: Period): Promise<Row[]> =>
  db
    .selectFrom('bed_opening')
    .select((eb) => [
      'service_id',
      eb.fn.sum<number>(daysWithin(eb.ref('opened_on'), eb.ref('closed_on'), from, after)).as('bedDays'),
    ])
    .where('opened_on', '<=', to)
    .where((eb) => eb.or([eb('closed_on', 'is', null), eb('closed_on', '>', from)]))
    .groupBy('service_id')
    .execute()

/** By the service of the first place. */
const admissions = (db: TenantDb, { from, after }: Period): Promise<Row[]> =>
  db
    .selectFrom('stay')
    .innerJoin('stay_place', (join) =>
      join
        .onRef('stay_place.stay_id', '=', 'stay.id')
        .onRef('stay_place.from_at', '=', 'stay.admitted_at')
        .on('stay_place.hidden', '=', false),
    )
    .select(({ fn }) => ['stay_place.service_id', fn.countAll<number>().as('admissions')])
    .where('stay.hidden_at', 'is', null)
    .where('stay.admitted_at', '>=', `${from}T00:00:00Z`)
    .where('stay.admitted_at', '<', `${after}T00:00:00Z`)
    .groupBy('stay_place.service_id')
    .execute()

/** From one service to another; from bed to bed within one is none. */
async function transfers(db: TenantDb, { from, after }: Period): Promise<Row[]> {
  const rows = await db
    .selectFrom('stay_place as into')
    .innerJoin('stay_place as out', (join) =>
      join
        .onRef('out.stay_id', '=', 'into.stay_id')
        .onRef('out.to_at', '=', 'into.from_at')
        .onRef('out.service_id', '!=', 'into.service_id')
        .on('out.hidden', '=', false),
    )
    .select(({ fn }) => ['out.service_id as left', 'into.service_id as entered', fn.countAll<number>().as('count')])
    .where('into.hidden', '=', false)
    .where('into.from_at', '>=', `${from}T00:00:00Z`)
    .where('into.from_at', '<', `${after}T00:00:00Z`)
    .groupBy(['out.service_id', 'into.service_id'])
    .execute()
  return rows.flatMap(({ left, entered, count }) => [
    { service_id: left, transfersOut: count },
    { service_id: entered, transfersIn: count },
  ])
}

/** By the service of the last place; with the one day of those who were admitted on the day of their discharge. */
const discharges = (db: TenantDb, { from, after }: Period): Promise<Row[]> =>
  db
    .selectFrom('stay')
    .select((eb) => [
      'service_id',
      eb.fn.countAll<number>().as('discharges'),
      eb.fn.countAll<number>().filterWhere('discharge_mode', '=', 'deathBefore48h').as('deathsBefore48h'),
      eb.fn.countAll<number>().filterWhere('discharge_mode', '=', 'deathAfter48h').as('deathsAfter48h'),
      eb.fn
        .countAll<number>()
        .filterWhere(utcDay(eb.ref('admitted_at')), '=', utcDay(eb.ref('discharged_at')))
        .as('patientDays'),
    ])
    .where('hidden_at', 'is', null)
    .where('discharged_at', '>=', `${from}T00:00:00Z`)
    .where('discharged_at', '<', `${after}T00:00:00Z`)
    .groupBy('service_id')
    .execute()
