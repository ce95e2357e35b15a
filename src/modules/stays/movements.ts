import { v7 as uuidv7 } from 'uuid'
import type { TenantDb } from '#tenancy'
import type { Actor } from '../../platform/http/index.ts'
import { invalidInput, problem } from '../../shared/errors.ts'
import { text } from '../../shared/text.ts'
import { serviceOf } from './admit.ts'
import { apply, assertOpen, holdStay, type Held } from './changes.ts'
import { tellShortage } from './notices.ts'
import { tidyLine, toInstant, type Place } from './rules/fields.ts'
import type { MovementUpdate, Stay, Transfer } from './schemas.ts'

/**
 * Moves a patient to another bed or service, or to none for want of one.
 * @throws invalid_input, stay_not_found, patient_protected, version_stale, stay_ended, bed_unavailable, bed_taken
 */
export async function transfer(
  db: TenantDb,
  actor: Actor,
  id: string,
  expected: number,
  { at, reason = null, ...to }: Transfer,
): Promise<Stay> {
  const held = await holdStay(db, actor, id, expected)
  assertOpen(held)
  const { places } = held.before
  const last = places.at(-1)!
  const serviceId = await serviceOf(db, to, last.serviceId)
  const bedId = to.bedId ?? null
  if (serviceId === last.serviceId && bedId === last.bedId) throw invalidInput({ path: 'bedId', message: there })
  if (places.length >= MOST) throw problem('conflict')
  const next: Place = { id: uuidv7(), serviceId, bedId, from: toInstant(at), to: null, reason: tidyLine(reason) }
  const rename = (path: string) => (path === `movements[${places.length}].from` ? 'at' : path)
  const stay = await apply(db, actor, held, { places: [...places, next] }, { verb: 'transfer', rename })
  await tellShortage(db, last.bedId, stay)
  return stay
}

/** As many as an answer gives; nobody is moved so often. */
const MOST = 500

/** @throws movement_not_found */
function indexOf({ before }: Held, movementId: string): number {
  const index = before.places.findIndex(({ id }) => id === movementId)
  if (index < 0) throw problem('movement_not_found')
  return index
}

/**
 * Corrects where a patient was said to be, or since when; the first place begins with the stay.
 * @throws invalid_input, stay_not_found, movement_not_found, patient_protected, version_stale, bed_unavailable, bed_taken
 */
export async function updateMovement(
  db: TenantDb,
  actor: Actor,
  { id, movementId }: { id: string; movementId: string },
  expected: number,
  { changeReason, from, reason, ...change }: MovementUpdate,
): Promise<Stay> {
  const held = await holdStay(db, actor, id, expected)
  const index = indexOf(held, movementId)
  const places = held.before.places.map((place, i) =>
    i !== index
      ? place
      : {
          ...place,
          ...(change.serviceId !== undefined && { serviceId: change.serviceId }),
          ...(change.bedId !== undefined && { bedId: change.bedId }),
          ...(reason !== undefined && { reason: tidyLine(reason) }),
          ...(from !== undefined && { from: toInstant(from) }),
        },
  )
  const asked = { places, ...(index === 0 && from !== undefined && { admittedAt: from }) }
  const rename = (path: string) => (/^movements\[\d+\]\.from$|^admittedAt$/.test(path) ? 'from' : path)
  return apply(db, actor, held, asked, { verb: 'update', reason: changeReason, rename })
}

/**
 * Takes a transfer back that did not take place: the patient stayed where they were.
 * @throws invalid_input for the admission, stay_not_found, movement_not_found, patient_protected, version_stale,
 *   bed_unavailable, bed_taken
 */
export async function removeMovement(
  db: TenantDb,
  actor: Actor,
  { id, movementId }: { id: string; movementId: string },
  expected: number,
  reason: string,
): Promise<Stay> {
  const held = await holdStay(db, actor, id, expected)
  const index = indexOf(held, movementId)
  if (index === 0) throw invalidInput({ path: 'movementId', message: admission })
  const places = held.before.places.filter((_, i) => i !== index)
  return apply(db, actor, held, { places }, { verb: 'update', reason })
}

const there = text('Le patient est déjà à cette place.', 'The patient is there already.')
const admission = text(
  'La première place est celle de l’admission : corrigez-la, ou masquez le séjour.',
  'The first place is that of the admission: correct it, or hide the stay.',
)
