import type { TenantDb } from '#tenancy'
import type { Actor } from '../../../platform/http/index.ts'
import { today } from '../../../shared/clock.ts'
import { invalidInput, problem } from '../../../shared/errors.ts'
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
import { importBed, setBedState, updateBed } from '../changes.ts'
import { listBeds, lockBedsByKey } from '../queries.ts'
import type { BedRow } from '../record.ts'
import { BedFilters, type Bed } from '../schemas.ts'
import { bedHeadings, bedStateWords, readBed, whenNamed, type BedLine } from './read.ts'

type Known = { beds: Map<string, BedRow>; services: NamedServices }

/** The beds of an establishment, one a line. */
export const bedRegister = declareList({
  module: 'beds',
  name: 'beds',
  title: text('registre des lits', 'list of beds'),
  importRight: 'beds:write',
  table: 'bed',
  headings: bedHeadings,
  whenNamed,
  needed: [['code'], ['serviceId']],
  telling: ['code'],
  read: readBed,
  known: async (db, lines: readonly BedLine[]): Promise<Known> => ({
    beds: await lockBedsByKey(
      db,
      lines.map(({ key }) => key),
    ),
    services: await namedServices(db),
  }),

  write(db, actor, line, known, told) {
    const bed = known.beds.get(line.key)
    return bed ? change(db, actor, bed, line, known.services, told) : add(db, actor, line, known.services, told)
  },

  outdatedBy: ['bed_code_taken'],
  export: {
    right: 'beds:read',
    operationId: 'exportBeds',
    summary: 'Export the beds',
    filters: BedFilters,
    sheet: 'Lits',
    columns: [
      column<Bed>(bedHeadings.code[0], 14, ({ code }) => code),
      column<Bed>(bedHeadings.serviceId[0], 24, ({ service }) => service.name),
      column<Bed>(bedHeadings.state[0], 14, ({ state }) => bedStateWords.write[state]),
      column<Bed>(bedHeadings.active[0], 8, ({ active }) => yesNo.write[active ? 'oui' : 'non']),
      column<Bed>(bedHeadings.openedOn[0], 12, ({ openedOn }) => ({ day: openedOn })),
      column<Bed>(bedHeadings.closedOn[0], 12, ({ closedOn }) => closedOn && { day: closedOn }),
    ],
    walk: (read, _viewer, filters: BedFilters) => walkList(read, filters, listBeds),
  },
})

async function add(
  db: TenantDb,
  actor: Actor,
  { says }: BedLine,
  services: NamedServices,
  { created, warn }: Told,
): Promise<Written> {
  const { code, service, state, active } = says
  if (service === null) throw invalidInput({ path: 'serviceId', message: noService })
  const closedOn = says.closedOn ?? (active === false ? today() : null)
  services.assertOffered(service, closedOn !== null)
  const openedOn = says.openedOn ?? closedOn ?? today()
  if (state === 'occupied') warn('state', nobodyInIt)
  const serviceId = await services.store(db, actor, service, created)
  await importBed(db, actor, {
    code,
    serviceId,
    state: state === null || state === 'occupied' ? 'free' : state,
    openedOn,
    closedOn,
  })
  return 'new'
}

async function change(
  db: TenantDb,
  actor: Actor,
  bed: BedRow,
  { says }: BedLine,
  services: NamedServices,
  { created, warn }: Told,
): Promise<Written> {
  const { service, openedOn, closedOn } = says
  const wasActive = bed.closed_on === null
  const active = says.active ?? wasActive
  const moves = service !== null && services.idOf(service) !== bed.service_id
  // Who lies in a bed is told by the stays: a free bed where somebody lies since is the same bed.
  const state = says.state === null || says.state === 'occupied' || says.state === bed.state ? undefined : says.state
  if (says.state === 'occupied' && !bed.occupied) warn('state', nobodyInIt)
  const otherDay = openedOn !== null && openedOn !== bed.opened_on
  // A day that is said by itself is a correction; with a move or a reopening an opening begins today.
  const corrects = otherDay && !moves && active === wasActive
  if (otherDay && !corrects) warn('openedOn', daysStay)
  if (closedOn !== null && closedOn !== (bed.closed_on ?? today())) warn('closedOn', daysStay)
  const stays = !moves && active === wasActive && state === undefined
  if (stays && !corrects) return 'same'
  if (bed.occupied && !stays) throw problem('bed_occupied')
  if (moves) services.assertOffered(service)
  else if (active && !wasActive) services.assertOffered(bed.service_name)
  const serviceId = moves ? await services.store(db, actor, service, created) : bed.service_id
  const changed = await updateBed(db, actor, bed.id, bed.version, {
    serviceId,
    active,
    ...(corrects && { openedOn }),
    changeReason: 'import',
  })
  if (state !== undefined) await setBedState(db, actor, bed.id, changed.version, state, 'import')
  return 'changed'
}

const noService = text(
  'Service absent : le nom du service où est ce lit.',
  'Service missing: the name of the service where this bed stands.',
)
const nobodyInIt = text(
  'Dit occupé, mais aucun séjour n’y est en cours ici : c’est l’admission d’un patient qui l’occupe.',
  'Said to be occupied, but no stay is open in it here: the admission of a patient occupies it.',
)
const daysStay = text(
  'Ce lit est déjà là : un changement de service, une fermeture ou une réouverture vaut à partir d’aujourd’hui.',
  'This bed is there already: a move, a closing or a reopening counts from today on.',
)
