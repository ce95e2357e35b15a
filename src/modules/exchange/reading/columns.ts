import { Problem, problem } from '../../../shared/errors.ts'
import { text } from '../../../shared/text.ts'
import { foldText } from '../../patients/index.ts'
import { delimiters, firstLines, readRows, type Delimiter } from './rows.ts'

// Each column with the ways in which registers head it; compared without capitals, accents and punctuation, so that
// "N°", "n°" and "No" or "Température (°C)" need no entries of their own. The first is the name we write ourselves.
const headings = {
  number: [
    'N°',
    'No',
    'Num',
    'Numéro',
    'N° ordre',
    "N° d'ordre",
    "Numéro d'ordre",
    'N° registre',
    'N° de registre',
    'N° consultation',
    'Ordre',
  ],
  date: [
    'Date',
    'Date consultation',
    'Date de consultation',
    'Date de la consultation',
    'Date visite',
    'Date de visite',
    'Jour',
  ],
  familyName: ['Nom', 'Noms', 'Nom de famille', 'Nom du patient', 'Nom patient', 'Nom du malade'],
  givenName: ['Prénom', 'Prénoms', 'Prénom(s)', 'Prénom du patient', 'Prénom patient', 'Prénoms du malade'],
  sex: ['Sexe', 'Genre', 'Sexe (M/F)', 'M/F'],
  age: ['Âge', 'Âge (ans)', 'Âge en années', 'Âge du patient'],
  ageUnit: ['Unité', "Unité d'âge", "Unité de l'âge", 'Unité âge', 'Âge unité'],
  birth: [
    'Naissance',
    'Date de naissance',
    'Année de naissance',
    'Né le',
    'Née le',
    'Né(e) le',
    'DDN',
    'Date naissance',
  ],
  village: [
    'Village/Quartier',
    'Village',
    'Quartier',
    'Quartier/Village',
    'Résidence',
    'Adresse',
    'Provenance',
    'Localité',
    'Domicile',
  ],
  phone: [
    'Téléphone',
    'Tél',
    'Tel.',
    'N° téléphone',
    'N° de téléphone',
    'Numéro de téléphone',
    'N° tél',
    'Contact',
    'Portable',
    'Mobile',
  ],
  phoneOwner: ['Propriétaire du téléphone', 'Téléphone de', 'Titulaire du téléphone'],
  motherName: ['Mère', 'Nom de la mère', 'Nom et prénom de la mère', 'Mère du patient'],
  nina: ['NINA', 'N° NINA', 'Numéro NINA'],
  amoNumber: ['AMO', 'N° AMO', 'Numéro AMO'],
  reason: ['Motif', 'Motif de consultation', 'Motif consultation', 'Plainte', 'Plaintes', 'Symptômes', 'Signes'],
  diagnosis: ['Diagnostic', 'Diagnostics', 'Diagnostic retenu', 'Diagnostic principal', 'Maladie', 'Affection'],
  codes: ['CIM-10', 'CIM10', 'Code CIM-10', 'Code CIM10', 'Code CIM', 'CIM', 'Code'],
  caseType: ['NC/AC', 'AC/NC', 'NC', 'Cas', 'Type de cas', 'Nouveau cas/Ancien cas', 'Nouveau/Ancien'],
  practitioner: ['Prescripteur', 'Agent', 'Médecin', 'Soignant', 'Praticien', 'Agent consultant'],
  service: ['Service', 'Services', 'Unité de soins'],
  specialty: ['Spécialité', 'Spécialités'],
  examinations: ['Examens', 'Examen', 'Examens complémentaires', 'Analyses', 'Bilan'],
  treatment: ['Traitement', 'Traitements', 'Conduite à tenir', 'Ordonnance', 'Médicaments', 'Prescription'],
  notes: ['Observations', 'Observation', 'Notes', 'Remarques', 'Remarque', 'Commentaire'],
  outcome: ['Issue', 'Devenir', 'Sortie', 'Mode de sortie'],
  temperature: ['Température', 'Température (°C)', 'Temp', 'T°', 'T (°C)'],
  pressure: ['TA', 'Tension', 'Tension artérielle', 'Pression artérielle', 'PA', 'TA (mmHg)'],
  systolic: ['TA systolique', 'TAS', 'PAS', 'Systolique', 'TA systolique (mmHg)'],
  diastolic: ['TA diastolique', 'TAD', 'PAD', 'Diastolique', 'TA diastolique (mmHg)'],
  pulse: ['Pouls', 'Pouls (/min)', 'FC', 'Fréquence cardiaque'],
  respiration: ['FR', 'FR (/min)', 'Fréquence respiratoire'],
  spo2: ['SpO2', 'SpO2 (%)', 'Saturation'],
  weight: ['Poids', 'Poids (kg)'],
  height: ['Taille', 'Taille (cm)'],
  muac: ['PB', 'PB (mm)', 'Périmètre brachial', 'Périmètre brachial (mm)'],
  id: ['Identifiant'],
  // Written by us into files that come back: read by nobody.
  ignored: [
    'Motif du refus',
    'N° dossier',
    'Masqué',
    'Masquée',
    'Créé le',
    'Modifié le',
    'Allergies',
    'Dossier sensible',
  ],
} as const satisfies Record<string, readonly string[]>

export type Column = keyof typeof headings

export const headingOf = (column: Column): string => headings[column][0]

const byHeading = new Map(
  Object.entries(headings).flatMap(([column, names]) =>
    names.map((name) => [foldText(name), column as Column] as const),
  ),
)

const columnOf = (heading: string): Column | undefined => byHeading.get(foldText(heading))

const needed: readonly (readonly Column[])[] = [
  ['date'],
  ['familyName'],
  ['givenName'],
  ['sex'],
  ['birth', 'age'],
  ['diagnosis'],
]

export type Header = {
  delimiter: Delimiter
  /** The line of the file that holds the headings. */
  line: number
  /** As written, without the blank ones at the end. */
  headings: string[]
  /** Where each recognised column stands. */
  places: Partial<Record<Column, number>>
  /** Headings that are not understood, or that stand twice. */
  unknown: string[]
  twice: string[]
  /** Ages without a unit are years: the heading says so. */
  ageInYears: boolean
}

const LOOKED_AT = 20

/**
 * The header of a register and what separates its cells: of the first lines and the usual delimiters, the one under
 * which most columns are recognised. A title above the header is passed over.
 * @throws import_file_empty, import_columns_missing with each missing column
 */
export async function findHeader(source: string): Promise<Header> {
  if (source.trim() === '') throw problem('import_file_empty')
  let best: Header | undefined
  const start = firstLines(source, LOOKED_AT)
  for (const delimiter of delimiters) {
    for (const header of await headersUnder(start, delimiter))
      if (known(header) > (best ? known(best) : 0)) best = header
  }
  const missing = needed.filter((either) => !either.some((column) => best?.places[column] !== undefined))
  if (best && missing.length === 0) return best
  throw problem('import_columns_missing', { errors: missing.map(missingError) })
}

const known = ({ places }: Header): number => Object.keys(places).length

async function headersUnder(lines: readonly string[], delimiter: Delimiter): Promise<Header[]> {
  // The first lines may end inside a quoted cell: then fewer of them are whole rows.
  for (let count = lines.length; count > 0; count--) {
    try {
      const headers: Header[] = []
      for await (const { line, cells } of readRows(lines.slice(0, count).join('\n'), delimiter))
        headers.push(toHeader(cells, line, delimiter))
      return headers
    } catch (error) {
      if (!(error instanceof Problem)) throw error
    }
  }
  return []
}

function toHeader(cells: string[], line: number, delimiter: Delimiter): Header {
  const written = cells.map((cell) => cell.replace(/\s+/gu, ' ').trim())
  while (written.at(-1) === '') written.pop()
  const header: Header = { delimiter, line, headings: written, places: {}, unknown: [], twice: [], ageInYears: false }
  written.forEach((heading, place) => {
    const column = columnOf(heading)
    if (column === 'ignored' || heading === '') return
    if (column === undefined) header.unknown.push(heading)
    else if (header.places[column] !== undefined) header.twice.push(heading)
    else header.places[column] = place
    if (column === 'age' && /\b(ans|annees)\b/.test(foldText(heading))) header.ageInYears = true
  })
  return header
}

const missingError = (either: readonly Column[]) => {
  const names = either.map(headingOf)
  return {
    path: names[0] ?? '',
    message: text(
      `Il manque la colonne « ${names.join(' » ou « ')} » : elle porte ce nom dans la ligne des titres.`,
      `The column "${names.join('" or "')}" is missing: it has this name in the line of headings.`,
    ),
  }
}
