import { Type, type Static } from 'typebox'
import { Cursor, Limit, Line, object, page } from '../../shared/schemas.ts'

/** The writing of a code: a category of three characters, or one of its subdivisions. */
export const Icd10Code = Type.String({
  pattern: '^[A-Z][0-9]{2}([.][0-9]{1,2})?$',
  maxLength: 6,
  description: 'CIM-10 code, a category of three characters or a subdivision',
  examples: ['B50.8'],
})

export const Icd10Entry = object({
  code: Icd10Code,
  label: Type.String({ maxLength: 300, description: 'French label', examples: ['Paludisme, sans précision'] }),
  chapter: Type.String({ maxLength: 6, description: "The classification's chapter, I to XXII", examples: ['I'] }),
})
export type Icd10Entry = Static<typeof Icd10Entry>

export const Icd10Query = object({
  q: Type.Optional(
    Line(100, {
      description: 'The beginning of a code, or words of the label in any order; accents and capitals do not matter',
      examples: ['paludisme grave'],
    }),
  ),
  limit: Type.Optional(Limit),
  cursor: Type.Optional(Cursor),
})
export type Icd10Query = Static<typeof Icd10Query>

export const Icd10Page = page(Icd10Entry)
