import type { TenantDb } from '#tenancy'
import type { Actor } from '../../../platform/http/index.ts'
import { text } from '../../../shared/text.ts'
import { findOrInsertBed } from '../../beds/index.ts'
import { declareRegister, nameOf, storeListed, type Created, type Planned } from '../../exchange/index.ts'
import { insertStays } from '../bulk.ts'
import { StayFilters } from '../schemas.ts'
import { stayHeadings } from './headings.ts'
import { judgeStay, placeStay, type StayRecord } from './judge.ts'
import { readKnown } from './known.ts'
import { readStay, type StayEntry } from './read.ts'
import { staySheet, walkStayLines, type StayLine } from './sheet.ts'

/** The book of a ward: one line a stay. */
export const stayRegister = declareRegister({
  module: 'stays',
  name: 'stays',
  title: text('registre d’hospitalisation', 'register of stays'),
  importRight: 'stays:write',
  table: 'stay',
  headings: stayHeadings,
  whenNamed: { admitted: ['Date'] },
  needed: [
    ['admitted'],
    ['familyName', 'fileNumber'],
    ['givenName', 'fileNumber'],
    ['sex', 'fileNumber'],
    ['birth', 'age', 'fileNumber'],
    ['service'],
    ['diagnosis', 'reason'],
  ],
  telling: ['admitted', 'bed', 'finalDiagnosis', 'discharged', 'dischargedTime'],
  alreadyOtherwise: text(
    'Ce séjour a déjà été importé avec un autre contenu : modifiez le séjour au lieu de l’importer une seconde fois.',
    'This stay was already imported with another content: change the stay instead of importing it once more.',
  ),
  read: readStay,

  says(entry: StayEntry) {
    const { number, date, person, fileNumber, told, service, bed, content, codes, finalCodes, movements } = entry
    return {
      content: ['stay', number, person ?? fileNumber, told, service, bed, content, codes, finalCodes, movements],
      event: number === null ? null : ['stay', number, date, nameOf(entry)],
    }
  },

  known: readKnown,
  judge: judgeStay,
  place: placeStay,

  async storeCreated(db, actor, created) {
    const ids = await storeListed(db, actor, created)
    for (const one of created) if (one.list === 'beds') ids.set(one.id, await storeBed(db, actor, one, ids))
    return ids
  },

  outdatedBy: ['patient_already_admitted', 'bed_taken'],
  store: (db, actor, planned: readonly Planned<StayRecord>[], ids) =>
    insertStays(
      db,
      actor,
      planned.map(({ id, patientId, record: { fields } }) => ({
        id,
        fields: {
          ...fields,
          patientId,
          places: fields.places.map((place) => ({
            ...place,
            serviceId: ids.get(place.serviceId) ?? place.serviceId,
            bedId: place.bedId && (ids.get(place.bedId) ?? place.bedId),
          })),
        },
      })),
    ),

  export: {
    right: 'stays:export',
    operationId: 'exportStays',
    summary: 'Export stays',
    filters: StayFilters,
    sheet: 'Séjours',
    columns: staySheet,
    walk: walkStayLines,
    patientOf: ({ patientId }: StayLine) => patientId,
  },
})

async function storeBed(
  db: TenantDb,
  actor: Actor,
  { name, serviceId = '', since = '' }: Created,
  ids: ReadonlyMap<string, string>,
): Promise<string> {
  return findOrInsertBed(db, actor, {
    code: name,
    serviceId: ids.get(serviceId) ?? serviceId,
    openedOn: since,
  })
}
