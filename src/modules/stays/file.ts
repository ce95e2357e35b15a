import type { Tenant, TenantDb } from '#tenancy'
import { Type } from 'typebox'
import { longInstant } from '../../shared/french.ts'
import { object } from '../../shared/schemas.ts'
import { HistoryOf, listVersionsOf, type Version } from '../history/index.ts'
import { codesText, ImportOrigin, vitalsText, type FiledRecord, type FileSection } from '../patient-file/index.ts'
import type { Viewer } from '../patients/index.ts'
import { listWholeStays, type StayKeys } from './list.ts'
import { ObservationVersion } from './observations/schemas.ts'
import { conditionWords, modeWords } from './register/words.ts'
import { Stay, StayVersion } from './schemas.ts'

const PAGE = 20

type Filed = Stay & { history: Version<StayVersion>[]; observations: FiledObservation[] }
type FiledObservation = ObservationVersion & { history: Version<ObservationVersion>[] }
type Names = ReadonlyMap<string, string>

/** A patient's stays with their places, observations and every version, hidden ones too. */
async function* walk(read: Tenant['read'], viewer: Viewer, patientId: string): AsyncGenerator<FiledRecord[]> {
  let after: StayKeys | undefined
  for (;;) {
    const from = after
    const { stays, names } = await read(async (db) => {
      const page = await listWholeStays(db, viewer, patientId, from, PAGE)
      return { stays: await withVersions(db, page), names: await namesOf(db) }
    })
    if (stays.length > 0) yield stays.map((stay) => filed(stay, names))
    const last = stays.at(-1)
    if (!last || stays.length < PAGE) return
    after = [last.admittedAt, last.id]
  }
}

async function withVersions(db: TenantDb, page: Stay[]): Promise<Filed[]> {
  if (page.length === 0) return []
  const ids = page.map(({ id }) => id)
  const versions = await listVersionsOf<StayVersion>(db, 'stay', ids)
  const rows = await db
    .selectFrom('stay_observation')
    .select(['id', 'stay_id'])
    .where('stay_id', 'in', ids)
    .orderBy('at', 'desc')
    .execute()
  const told =
    rows.length === 0
      ? new Map<string, Version<ObservationVersion>[]>()
      : await listVersionsOf<ObservationVersion>(
          db,
          'observation',
          rows.map(({ id }) => id),
        )
  return page.map((stay) => ({
    ...stay,
    history: versions.get(stay.id) ?? [],
    observations: rows.flatMap(({ id, stay_id }) => {
      const history = told.get(id) ?? []
      return stay_id === stay.id && history[0] ? [{ ...history[0].data, history }] : []
    }),
  }))
}

async function namesOf(db: TenantDb): Promise<Names> {
  const services = await db.selectFrom('service').select(['id', 'name']).execute()
  const beds = await db.selectFrom('bed').select(['id', 'code as name']).execute()
  return new Map([...services, ...beds].map(({ id, name }) => [id, name]))
}

const filed = (stay: Filed, names: Names): FiledRecord => ({
  data: stay,
  title: `Séjour du ${longInstant(stay.admittedAt)}${stay.dischargedAt ? ` au ${longInstant(stay.dischargedAt)}` : ', en cours'}${stay.hidden ? ' (masqué)' : ''}`,
  fields: [
    ...fieldsOf(stay.history[0]?.data ?? { ...stay, movements: [] }, names).slice(2),
    ...stay.observations.map((one): [string, string] => [
      `Observation du ${longInstant(one.at)}${one.hidden ? ' (masquée)' : ''}`,
      one.history.toReversed().map(observationText).join('\n'),
    ]),
  ],
  history: stay.history as unknown as Version<never>[],
  fieldsOf: (version: StayVersion) => fieldsOf(version, names),
})

const observationText = ({ version, data, by, at }: Version<ObservationVersion>): string =>
  [vitalsText(data.vitals), data.notes, `(version ${version}, ${by.name}, ${longInstant(at)})`]
    .filter(Boolean)
    .join(' – ')

const statuses = { ...conditionWords, discharged: 'Sorti' }

function fieldsOf(stay: StayVersion, names: Names): [string, string | null][] {
  const where = stay.movements.map(
    ({ serviceId, bedId, from }) =>
      `${names.get(serviceId) ?? ''}${bedId ? `, lit ${names.get(bedId) ?? ''}` : ''} à partir du ${longInstant(from)}`,
  )
  return [
    ['Entrée', longInstant(stay.admittedAt)],
    ['Sortie', stay.dischargedAt && longInstant(stay.dischargedAt)],
    ['Services et lits', where.join('\n')],
    ['Soignant responsable', stay.attendingName],
    ['Motif', stay.reason],
    ['Diagnostic d’entrée', stay.diagnosis],
    ['Codes CIM-10', codesText(stay.codes)],
    ['État', statuses[stay.status]],
    ['Mode de sortie', stay.dischargeMode && modeWords[stay.dischargeMode]],
    ['Diagnostic de sortie', stay.finalDiagnosis],
    ['Codes CIM-10 de sortie', codesText(stay.finalCodes)],
    ['Observations', stay.notes],
  ]
}

export const file: FileSection = {
  member: 'stays',
  schema: object({
    ...Stay.properties,
    import: ImportOrigin,
    history: HistoryOf(StayVersion).properties.items,
    observations: Type.Array(
      object({ ...ObservationVersion.properties, history: HistoryOf(ObservationVersion).properties.items }),
    ),
  }),
  heading: 'Séjours, du plus récent au plus ancien',
  none: 'Aucun séjour enregistré.',
  walk,
}
