import type { TenantDb } from '#tenancy'
import type { Actor } from '../../../platform/http/index.ts'
import { today } from '../../../shared/clock.ts'
import { invalidInput } from '../../../shared/errors.ts'
import { text } from '../../../shared/text.ts'
import {
  column,
  declareList,
  namedServices,
  walkList,
  yesNo,
  type NamedServices,
  type Told,
  type Written,
} from '../../exchange/index.ts'
import { createEquipment, tellTogether, updateEquipment, type Changed } from '../changes.ts'
import { listEquipment, lockEquipmentByKey } from '../queries.ts'
import { statesOf, type EquipmentRow } from '../record.ts'
import { withState } from '../rules.ts'
import { EquipmentFilters, type Equipment, type Period } from '../schemas.ts'
import {
  equipmentHeadings as headings,
  equipmentStateWords,
  readEquipment,
  whenNamed,
  type EquipmentLine,
} from './read.ts'

type Known = {
  rows: Map<string, EquipmentRow>
  states: (id: string) => Period[]
  services: NamedServices
  changed: Changed[]
}

/** The equipment of an establishment, one a line. Of its states a file has the present one. */
export const equipmentRegister = declareList({
  module: 'equipment',
  name: 'equipment',
  title: text('registre des équipements', 'list of equipment'),
  importRight: 'equipment:write',
  table: 'equipment',
  headings,
  whenNamed,
  needed: [['code'], ['name']],
  telling: ['code', 'nextMaintenanceOn'],
  read: readEquipment,
  async known(db, lines: readonly EquipmentLine[]): Promise<Known> {
    const rows = await lockEquipmentByKey(
      db,
      lines.map(({ key }) => key),
    )
    const states = await statesOf(
      db,
      [...rows.values()].map(({ id }) => id),
    )
    return { rows, states, services: await namedServices(db), changed: [] }
  },

  write(db, actor, line, known, told) {
    const row = known.rows.get(line.key)
    return row ? change(db, actor, row, line, known, told) : add(db, actor, line, known.services, told)
  },
  notify: (db, { changed }) => tellTogether(db, changed),

  outdatedBy: ['equipment_code_taken'],
  export: {
    right: 'equipment:read',
    operationId: 'exportEquipment',
    summary: 'Export the equipment',
    filters: EquipmentFilters,
    sheet: 'Équipements',
    columns: [
      column<Equipment>(headings.code[0], 20, ({ code }) => code),
      column<Equipment>(headings.name[0], 32, ({ name }) => name),
      column<Equipment>(headings.serviceId[0], 24, ({ service }) => service?.name),
      column<Equipment>(headings.state[0], 16, ({ state }) => equipmentStateWords.write[state]),
      column<Equipment>(headings.stateSince[0], 12, ({ stateSince }) => ({ day: stateSince })),
      column<Equipment>(headings.nextMaintenanceOn[0], 20, ({ nextMaintenanceOn: on }) => on && { day: on }),
      column<Equipment>(headings.ignored[0], 20, ({ overdue }) => yesNo.write[overdue ? 'oui' : 'non']),
      column<Equipment>(headings.ignored[1], 20, ({ daysUnavailable }) => daysUnavailable),
    ],
    walk: (read, _viewer, filters: EquipmentFilters) => walkList(read, filters, listEquipment),
  },
})

async function add(
  db: TenantDb,
  actor: Actor,
  { says }: EquipmentLine,
  services: NamedServices,
  { created }: Told,
): Promise<Written> {
  const { code, name, service, state, ...days } = says
  if (name === null) throw invalidInput({ path: 'name', message: noName })
  if (service !== null) services.assertOffered(service, state === 'closed')
  const serviceId = service === null ? null : await services.store(db, actor, service, created)
  const given = { code, name, serviceId, ...said({ state, ...days }) }
  await createEquipment(db, actor, given, 'import')
  return 'new'
}

async function change(
  db: TenantDb,
  actor: Actor,
  row: EquipmentRow,
  { says }: EquipmentLine,
  { states, services, changed }: Known,
  { created, warn }: Told,
): Promise<Written> {
  const { name, service, state, stateSince, nextMaintenanceOn } = says
  const moves = service !== null && services.idOf(service) !== row.service_id
  if (moves) services.assertOffered(service)
  // What updateEquipment asks, before a service is added.
  if (state !== null) withState(states(row.id), { state, since: stateSince ?? today() }, today())
  const fields = {
    ...said({ name, state, stateSince: state === null ? null : stateSince, nextMaintenanceOn }),
    ...(moves && { serviceId: await services.store(db, actor, service, created) }),
    changeReason: 'import',
  }
  const after = await updateEquipment(db, actor, row.id, row.version, fields, changed)
  if (stateSince !== null && after.stateSince !== stateSince) warn('stateSince', dayStays)
  return after.version === row.version ? 'same' : 'changed'
}

/** Without what no cell says. */
const said = <T extends object>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as {
    [F in keyof T]?: NonNullable<T[F]>
  }

const dayStays = text(
  'L’état que cet équipement a déjà garde son premier jour : indiquez aussi un autre état, ou corrigez ses états.',
  'The state that this equipment has already keeps its first day: give another state too, or correct its states.',
)
const noName = text('Désignation absente : Échographe portable.', 'Name missing: Échographe portable (ultrasound).')
