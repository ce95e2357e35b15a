import { text } from '../../../shared/text.ts'
import {
  codesOf,
  declareRegister,
  entryIn,
  knownCodes,
  listed,
  nameOf,
  sharedHeading,
  storeListed,
  type Created,
  type Note,
} from '../../exchange/index.ts'
import { birthRange } from '../../patients/index.ts'
import { storeVisits } from '../bulk.ts'
import { judgeNew, type ConsultationFields } from '../rules/fields.ts'
import { ConsultationFilters } from '../schemas.ts'
import { consultationHeadings, headingOf } from './headings.ts'
import { readVisit, type VisitEntry } from './read.ts'
import { consultationSheet, walkVisited, type Visited } from './sheet.ts'

/** The consultation register: one line a visit. */
export const consultationRegister = declareRegister({
  module: 'consultations',
  name: 'consultations',
  title: text('registre de consultations', 'consultation register'),
  importRight: 'consultations:write',
  table: 'consultation',
  headings: consultationHeadings,
  needed: [['date'], ['familyName'], ['givenName'], ['sex'], ['birth', 'age'], ['diagnosis']],
  telling: ['caseType', 'temperature', 'pressure', 'systolic', 'muac'],
  alreadyOtherwise: text(
    "Cette visite a déjà été importée avec un autre contenu : modifiez la consultation au lieu de l'importer une seconde fois.",
    'This visit was already imported with another content: change the consultation instead of importing it once more.',
  ),
  read: readVisit,

  says(visit: VisitEntry) {
    const { number, date, person, content, codes, service, specialty } = visit
    return {
      content: [number, date, person, content, codes, service, specialty],
      event: number === null ? null : [number, date, nameOf(visit)],
    }
  },

  async known(db, _asked, visits: readonly VisitEntry[]) {
    const created: Created[] = []
    return {
      services: await listed(
        db,
        'services',
        visits.map(({ service }) => service),
        created,
      ),
      specialties: await listed(
        db,
        'specialties',
        visits.map(({ specialty }) => specialty),
        created,
      ),
      codes: await knownCodes(
        db,
        visits.flatMap(({ codes }) => codes),
      ),
      created,
    }
  },

  judge(visit, { birth }, known, today) {
    const { line, date, content } = visit
    const warnings: Note[] = []
    const codes = codesOf(visit, known.codes, warnings, unknownCode)
    const { fields, errors } = judgeNew(
      {
        ...content,
        patientId: '',
        date,
        codes,
        serviceId: entryIn(known.services, visit.service, line, sharedHeading('service'), warnings),
        specialtyId: entryIn(known.specialties, visit.specialty, line, headingOf('specialty'), warnings),
      },
      { today, bornFrom: birthRange(birth)[0], known: known.codes },
    )
    if (errors.length > 0) return { faults: errors.map(({ message }) => ({ line, column: null, message })) }
    return { record: fields, warnings }
  },

  storeCreated: storeListed,

  async store(db, actor, planned: readonly { id: string; patientId: string; record: ConsultationFields }[], ids) {
    await storeVisits(
      db,
      actor,
      planned.map(({ id, patientId, record }) => ({
        id,
        fields: {
          ...record,
          patientId,
          serviceId: ids.get(record.serviceId ?? '') ?? record.serviceId,
          specialtyId: ids.get(record.specialtyId ?? '') ?? record.specialtyId,
        },
      })),
    )
  },

  export: {
    right: 'consultations:export',
    operationId: 'exportConsultations',
    summary: 'Export consultations',
    filters: ConsultationFilters,
    sheet: 'Consultations',
    columns: consultationSheet,
    walk: walkVisited,
    patientOf: ({ patientId }: Visited) => patientId,
  },
})

const unknownCode = text(
  'Code CIM-10 inconnu : la consultation est enregistrée sans ce code.',
  'Unknown CIM-10 code: the consultation is stored without this code.',
)
