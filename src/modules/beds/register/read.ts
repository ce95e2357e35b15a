import { text } from '../../../shared/text.ts'
import { readVisitDay, vocabulary, yesNo, type Headings, type LineReader, type ListLine } from '../../exchange/index.ts'
import { keyOf } from '../changes.ts'
import type { BedState } from '../schemas.ts'

/** The columns of a list of beds, called as the fields of the API. */
export const bedHeadings = {
  code: ['Code du lit', 'Code lit', 'Code de lit', 'Numéro du lit', 'Nom du lit', 'Désignation du lit'],
  serviceId: ['Service', 'Services', 'Unité de soins', 'Service du lit'],
  state: ['État', 'État du lit', 'Statut', 'Situation'],
  active: ['Ouvert', 'Lit ouvert', 'Actif'],
  openedOn: ['Ouvert le', "Date d'ouverture", 'Ouverture', 'Ouvert depuis'],
  closedOn: ['Fermé le', 'Date de fermeture', 'Fermeture', 'Fermé depuis'],
} as const satisfies Headings

// A ward's book heads its beds so.
export const whenNamed = { code: ['Lit', 'Lits', 'Code', 'N° lit', 'N° de lit', 'N° du lit', 'Lit n°'] }

export const bedStateWords = vocabulary<BedState>({
  free: ['Libre', 'Disponible', 'Vide', 'Inoccupé', 'Vacant', 'Prêt', 'free'],
  occupied: ['Occupé', 'Occupée', 'Pris', 'Plein', 'occupied'],
  cleaning: ['En nettoyage', 'Nettoyage', 'À nettoyer', 'En désinfection', 'Désinfection', 'cleaning'],
  outOfOrder: ['Hors service', 'HS', 'En panne', 'Panne', 'Cassé', 'En réparation', 'Non fonctionnel', 'outOfOrder'],
})

/** A line of a list of beds; null says nothing. */
export type BedLine = ListLine & { says: BedSaid }
type BedSaid = {
  code: string
  service: string | null
  state: BedState | null
  active: boolean | null
  openedOn: string | null
  closedOn: string | null
}

/** A row as a bed; what is wrong with it is told to the reader. @param today YYYY-MM-DD */
export function readBed(reader: LineReader, today: string): BedLine | undefined {
  const code = reader.line('code', 30)
  if (code === null) reader.refuse('code', noCode)
  const state = reader.said('state', bedStateWords.read)
  const openedOn = reader.said('openedOn', (cell) => readVisitDay(cell, today))
  const closedOn = reader.said('closedOn', (cell) => readVisitDay(cell, today))
  const open = reader.said('active', yesNo.read)
  if (closedOn !== null && open === 'oui') reader.refuse('closedOn', closedAndOpen)
  if (openedOn !== null && closedOn !== null && closedOn < openedOn) reader.refuse('closedOn', closedBefore)
  const service = reader.line('serviceId', 80)
  if (code === null) return undefined
  const active = closedOn !== null ? false : open && open === 'oui'
  const { line, cells } = reader.row
  return { line, cells, key: keyOf(code), says: { code, service, state, active, openedOn, closedOn } }
}

const noCode = text('Code absent : MED-04.', 'Code missing: MED-04.')
const closedAndOpen = text(
  'Ce lit est dit ouvert, et fermé depuis un jour : corrigez l’un des deux.',
  'This bed is said to be open, and closed since a day: correct one of the two.',
)
const closedBefore = text(
  'La fermeture précède l’ouverture : corrigez l’une des deux dates.',
  'The closing precedes the opening: correct one of the two dates.',
)
