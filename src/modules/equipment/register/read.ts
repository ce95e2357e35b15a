import { text } from '../../../shared/text.ts'
import {
  readAnyDay,
  readVisitDay,
  vocabulary,
  type Headings,
  type LineReader,
  type ListLine,
} from '../../exchange/index.ts'
import { keyOf } from '../changes.ts'
import type { State } from '../schemas.ts'

/** The columns of a list of equipment, called as the fields of the API. */
export const equipmentHeadings = {
  code: [
    "Code de l'équipement",
    'Code équipement',
    'Code matériel',
    'Code du matériel',
    "N° d'inventaire",
    'N° inventaire',
    "Numéro d'inventaire",
  ],
  name: ['Désignation', "Nom de l'équipement", 'Équipement', 'Matériel', 'Appareil', 'Libellé'],
  serviceId: ['Service', 'Services', 'Unité de soins', 'Affectation'],
  state: ['État', "État de l'équipement", 'Statut', 'Fonctionnement'],
  stateSince: ['Depuis le', 'État depuis le', "Date de l'état", 'Depuis'],
  nextMaintenanceOn: ['Prochaine maintenance', 'Maintenance prévue le', 'Date de maintenance', 'Prochaine révision'],
  // Written by us into files that come back: read by nobody.
  ignored: ['Maintenance en retard', "Jours d'indisponibilité"],
} as const satisfies Headings

export const whenNamed = { code: ['Code'], name: ['Nom'] }

export const equipmentStateWords = vocabulary<State>({
  working: ['Fonctionnel', 'Fonctionnelle', 'En service', 'En marche', 'Marche', 'Bon', 'Bon état', 'OK', 'working'],
  maintenance: ['En maintenance', 'Maintenance', 'En réparation', 'Réparation', 'En révision', 'maintenance'],
  outOfOrder: ['Hors service', 'HS', 'En panne', 'Panne', 'Cassé', 'Non fonctionnel', 'Mauvais', 'outOfOrder'],
  closed: ['Fermé', 'Réformé', 'Réformée', 'Retiré', 'Cédé', 'Donné', 'closed'],
})

/** A line of a list of equipment; null says nothing. */
export type EquipmentLine = ListLine & { says: EquipmentSaid }
type EquipmentSaid = {
  code: string
  name: string | null
  service: string | null
  state: State | null
  stateSince: string | null
  nextMaintenanceOn: string | null
}

/** A row as a piece of equipment; what is wrong with it is told to the reader. @param today YYYY-MM-DD */
export function readEquipment(reader: LineReader, today: string): EquipmentLine | undefined {
  const code = reader.line('code', 30)
  if (code === null) reader.refuse('code', noCode)
  const said = {
    name: reader.line('name', 120),
    service: reader.line('serviceId', 80),
    state: reader.said('state', equipmentStateWords.read),
    stateSince: reader.said('stateSince', (cell) => readVisitDay(cell, today)),
    nextMaintenanceOn: reader.said('nextMaintenanceOn', readAnyDay),
  }
  if (code === null) return undefined
  const { line, cells } = reader.row
  return { line, cells, key: keyOf(code), says: { code, ...said } }
}

const noCode = text('Code absent : ECHO-2.', 'Code missing: ECHO-2.')
