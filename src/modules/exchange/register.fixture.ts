import { readFileSync } from 'node:fs'
import type { Answer, Client } from '../../../test/harness.ts'

/** The register that the issue gives, and what the importing of it must report (its expected outcome, in prose, beside it). */
export const exampleRegister = readFileSync(
  new URL('../../../test/registers/registre-consultations-csref-djenne.csv', import.meta.url),
)

const boundary = 'sis-test-boundary'

/** A file as a browser's form sends it. */
export function form(bytes: Uint8Array | string, field = 'file', name = 'registre.csv') {
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="${field}"; filename="${name}"\r\nContent-Type: text/csv\r\n\r\n`
  const body = Buffer.concat([Buffer.from(head), Buffer.from(bytes), Buffer.from(`\r\n--${boundary}--\r\n`)])
  return { body, headers: { 'content-type': `multipart/form-data; boundary=${boundary}` } }
}

export const importFile = (
  client: Client,
  bytes: Uint8Array | string,
  options: { dryRun?: boolean; expect?: number } = {},
): Promise<Answer> =>
  client.send('POST', `/api/v1/imports?dryRun=${options.dryRun ?? false}`, {
    ...form(bytes),
    ...(options.expect && { expect: options.expect }),
  })

const headings =
  'N°;Date;Nom;Prénom;Sexe;Âge;Unité;Naissance;Village/Quartier;Téléphone;Diagnostic;CIM-10;NC/AC;Prescripteur;Service;Spécialité'
const usual = [
  '1',
  '01/07/2026',
  'Traoré',
  'Awa',
  'F',
  '30',
  'ans',
  '',
  'Kewa',
  '76 12 34 56',
  'Paludisme simple',
  'B54',
  'NC',
  'Dr Diarra',
  'Médecine',
  '',
]

/** A line of a register: the usual one, with some cells otherwise. */
export const line = (cells: Record<string, string> = {}): string =>
  headings
    .split(';')
    .map((heading, i) => cells[heading] ?? usual[i])
    .join(';')

export const register = (...lines: string[]): string => [headings, ...lines, ''].join('\r\n')
