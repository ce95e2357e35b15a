import type { TenantDb } from '#tenancy'
import type { Actor } from '../../../platform/http/index.ts'
import { text } from '../../../shared/text.ts'
import {
  createEntry,
  listEntries,
  lockServicesByKey,
  nameKeyOf,
  ServiceFilters,
  updateEntry,
  type Entry,
} from '../../services/index.ts'
import { listWith, type ListLine, type Written } from '../declaration.ts'
import { walkList } from '../export/queries.ts'
import { column } from '../export/sheets.ts'
import { readWhole } from '../reading/days.ts'
import { listIgnored, type Headings } from '../reading/headings.ts'
import type { LineReader } from '../reading/line.ts'
import { yesNo } from '../reading/words.ts'

const headings = {
  name: ['Nom du service', 'Nom service', 'Libellé du service', 'Intitulé du service'],
  head: ['Responsable', 'Chef de service', 'Chef', 'Responsable du service', 'Major'],
  unit: ['Unité', 'Département', 'Pôle', 'Rattachement'],
  capacity: ['Capacité', 'Nombre de places', 'Places', 'Nombre de lits', 'Capacité en lits'],
  active: ['Ouvert', 'Actif', 'Service ouvert', 'En activité'],
} as const satisfies Headings

type ServiceLine = ListLine & {
  says: { name: string; head: string | null; unit: string | null; capacity: number | null; active: boolean | null }
}

/** The services of an establishment, one a line. It stands here because the services' module cannot know of this one. */
export const serviceRegister = listWith(listIgnored, {
  module: 'services',
  name: 'services',
  title: text('registre des services', 'list of services'),
  importRight: 'services:write',
  table: 'service',
  headings,
  whenNamed: { name: ['Service', 'Services', 'Nom', 'Libellé', 'Intitulé'] },
  needed: [['name']],
  telling: ['name'],
  read: readService,
  known: (db, lines: readonly ServiceLine[]): Promise<Map<string, Entry>> =>
    lockServicesByKey(
      db,
      lines.map(({ key }) => key),
    ),
  write,
  outdatedBy: ['service_name_taken'],
  export: {
    right: 'services:read',
    operationId: 'exportServices',
    summary: 'Export the services',
    filters: ServiceFilters,
    sheet: 'Services',
    columns: [
      column<Entry>(headings.name[0], 30, ({ name }) => name),
      column<Entry>(headings.head[0], 24, ({ head }) => head),
      column<Entry>(headings.unit[0], 24, ({ unit }) => unit),
      column<Entry>(headings.capacity[0], 10, ({ capacity }) => capacity),
      column<Entry>(headings.active[0], 8, ({ active }) => yesNo.write[active ? 'oui' : 'non']),
    ],
    walk: (read, _viewer, filters: ServiceFilters) =>
      walkList(read, filters, (db, query) => listEntries(db, 'service', query)),
  },
})

function readService(reader: LineReader): ServiceLine | undefined {
  const name = reader.line('name', 80)
  if (name === null) reader.refuse('name', noName)
  const open = reader.said('active', yesNo.read)
  const said = {
    head: reader.line('head', 120),
    unit: reader.line('unit', 80),
    capacity: reader.said('capacity', (cell) => readWhole(cell, 10_000)),
    active: open && open === 'oui',
  }
  if (name === null) return undefined
  const { line, cells } = reader.row
  return { line, cells, key: nameKeyOf(name), says: { name, ...said } }
}

async function write(
  db: TenantDb,
  actor: Actor,
  { key, says }: ServiceLine,
  services: ReadonlyMap<string, Entry>,
): Promise<Written> {
  const { name, active, ...ward } = says
  const before = services.get(key)
  if (!before) {
    await createEntry(db, actor, 'service', { name, ...ward, active: active ?? true }, 'import')
    return 'new'
  }
  const given = Object.entries({ ...ward, active }).filter(([, value]) => value !== null)
  const after = await updateEntry(db, actor, 'service', before.id, before.version, {
    ...(Object.fromEntries(given) as { head?: string; unit?: string; capacity?: number; active?: boolean }),
    changeReason: 'import',
  })
  return after.version === before.version ? 'same' : 'changed'
}

const noName = text('Nom absent : Médecine générale.', 'Name missing: Médecine générale.')
