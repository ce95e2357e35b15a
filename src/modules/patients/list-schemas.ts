import { Type, type Static } from 'typebox'
import { Cursor, IsoDate, Limit, Line, object, page, UpdatedSince, Uuid } from '../../shared/schemas.ts'
import { MOST_WITHDRAWN } from './rules/withdrawn.ts'
import { FileNumber, Patient, Sex } from './schemas.ts'

export const PatientFilters = object({
  q: Type.Optional(
    Line(100, {
      description:
        'Names (accents, capitals and spelling tolerated), phone digits or file number; the likest come first. Of more than 1,000 who are called ' +
        'so a list has the newest 1,000; another filter, or one more name, finds the others, and an export has them all',
      examples: ['koulibali'],
    }),
  ),
  sex: Type.Optional(Sex),
  village: Type.Optional(
    Line(100, { description: 'Beginning of the village or quarter; accents tolerated', examples: ['Sangha'] }),
  ),
  bornFrom: Type.Optional(Type.Unsafe<string>({ ...IsoDate, description: 'May be born on this day or later' })),
  bornTo: Type.Optional(Type.Unsafe<string>({ ...IsoDate, description: 'May be born on this day or earlier' })),
  updatedSince: Type.Optional(UpdatedSince),
})
export type PatientFilters = Static<typeof PatientFilters>

export const PatientQuery = object({
  ...PatientFilters.properties,
  limit: Type.Optional(Limit),
  cursor: Type.Optional(Cursor),
})
export type PatientQuery = Static<typeof PatientQuery>

/** A sensitive file that the reader may not see: enough to open it by a break-glass. */
export const ProtectedFile = object({ id: Uuid, fileNumber: FileNumber })
export type ProtectedFile = Static<typeof ProtectedFile>

export const Withdrawn = Type.Array(Uuid, {
  maxItems: MOST_WITHDRAWN,
  description:
    'With updatedSince, on the first page: those that you may see no more since then (protected as sensitive). Take them off your copy',
})

export const PatientPage = object({
  ...page(Patient).properties,
  protected: Type.Optional(
    Type.Array(ProtectedFile, {
      maxItems: 10,
      description:
        'Sensitive files that you may not see, on the first page, when `q` is a whole file number, NINA or AMO number: ' +
        '`POST /patients/{id}/break-glass` opens one',
    }),
  ),
  withdrawn: Type.Optional(Withdrawn),
})
export type PatientPage = Static<typeof PatientPage>
