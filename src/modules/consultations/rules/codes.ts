import type { FieldError } from '../../../shared/errors.ts'
import { text } from '../../../shared/text.ts'
import { tidyCode } from '../../icd10/index.ts'

export type CodeRole = 'main' | 'secondary'
export type CodeInput = { code: string; role?: CodeRole }
/** A code of the nomenclature, as sis_ref.icd10 has it. */
export type KnownCode = { code: string; label: string }
/** A code as stored and shown: the label is the nomenclature's, the category its first three characters. */
export type CodedDiagnosis = { system: 'icd10'; code: string; category: string; label: string; role: CodeRole }

export const MAX_CODES = 20

/**
 * The codes of one consultation, labelled, the main one first. A single code is the main one; among several, exactly
 * one says so and the others are secondary.
 * @param known what the nomenclature answered for these codes, by tidied code
 * @returns the codes, or what is wrong with them, each named by its place
 */
export function labelCodes(
  inputs: readonly CodeInput[],
  known: ReadonlyMap<string, KnownCode>,
  path = 'codes',
): { codes: CodedDiagnosis[]; errors: FieldError[] } {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  const codes = inputs.flatMap(({ code: written, role }, index): CodedDiagnosis[] => {
    const code = tidyCode(written)
    const found = known.get(code)
    if (!found) errors.push({ path: `${path}[${index}].code`, message: unknown })
    else if (seen.has(code)) errors.push({ path: `${path}[${index}].code`, message: twice })
    seen.add(code)
    if (!found) return []
    const assumed = inputs.length === 1 ? 'main' : 'secondary'
    return [{ system: 'icd10', code, category: code.slice(0, 3), label: found.label, role: role ?? assumed }]
  })
  if (inputs.length > MAX_CODES) errors.push({ path, message: tooMany })
  else if (errors.length === 0 && codes.length > 0 && codes.filter(({ role }) => role === 'main').length !== 1)
    errors.push({ path, message: oneMain })
  return { codes: codes.sort((a, b) => Number(b.role === 'main') - Number(a.role === 'main')), errors }
}

const unknown = text(
  "Ce code n'est pas dans la liste CIM-10 de SIS : cherchez-le par GET /api/v1/icd10?q=.",
  'This code is not in the ICD-10 list of SIS: look it up with GET /api/v1/icd10?q=.',
)
const twice = text('Ce code est donné deux fois.', 'This code is given twice.')
const tooMany = text(
  `Une consultation porte au plus ${MAX_CODES} codes.`,
  `A consultation has at most ${MAX_CODES} codes.`,
)
const oneMain = text(
  'Un seul code est le diagnostic principal (role « main »), les autres sont secondaires (« secondary »).',
  'Exactly one code is the main diagnosis (role "main"), the others are secondary ("secondary").',
)
