import { foldText } from '../../patients/index.ts'
import { fault, type Read } from './days.ts'

/** Without a letter or a digit a cell says nothing: "-", "/", "…". */
export const isEmpty = (cell: string): boolean => cell === '' || !/[a-zA-Z0-9]|[\p{L}\p{N}]/u.test(cell)

const sexes: Record<string, 'M' | 'F'> = {
  m: 'M', h: 'M', masculin: 'M', homme: 'M', garcon: 'M', mas: 'M', masc: 'M',
  f: 'F', feminin: 'F', femme: 'F', fille: 'F', fem: 'F',
} // prettier-ignore

export function readSex(written: string): Read<'M' | 'F'> {
  if (isEmpty(written)) return fault('Sexe absent : M ou F.', 'Sex missing: M or F.')
  const value = sexes[foldText(written)]
  return value ? { value } : fault('Sexe inconnu : M ou F.', 'Unknown sex: M or F.')
}

/** The codes of a cell, as written: "B54", "B54 ; J06.9". */
export const readCodes = (written: string): string[] =>
  written
    .split(/[;,/+|\n]+/)
    .map((code) => code.trim())
    .filter((code) => !isEmpty(code))

/** An apostrophe that guards a cell against being taken for a formula (export/guard.ts) is no part of it. */
export const unguarded = (cell: string): string => (/^'[=+\-@\t\r]/.test(cell) ? cell.slice(1) : cell)
