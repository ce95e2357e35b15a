import type { FieldError } from '../../../shared/errors.ts'
import { text } from '../../../shared/text.ts'
import type { Place } from './fields.ts'

/** A bed as far as a place in it is judged. */
export type KnownBed = {
  serviceId: string
  state: string
  openings: readonly Opening[]
}
/** The days on which it could be used, and in which service: from `openedOn` on, before `closedOn`. */
export type Opening = { serviceId: string; openedOn: string; closedOn: string | null }

/** What the establishment has of what places name. */
export type Known = {
  /** Whether a service is open. */
  services: ReadonlyMap<string, boolean>
  beds: ReadonlyMap<string, KnownBed>
}

export type PlaceErrors = {
  /** What is wrong with the place whatever happens. */
  wrong: FieldError[]
  /** The bed is right, but takes nobody at that time. */
  unavailable: FieldError[]
}

/**
 * What speaks against a place, in its service and in its bed. A bed of another service is refused, not followed: it is the
 * service that a ward's figures count by. Who else lies there is the database's to say.
 * @param before the same place before a correction: what did not change is not judged anew
 */
export function placeErrors(place: Place, { services, beds }: Known, before?: Place): PlaceErrors {
  const none: PlaceErrors = { wrong: [], unavailable: [] }
  const service = services.get(place.serviceId)
  const moved = before?.serviceId !== place.serviceId
  if (service === undefined) return { ...none, wrong: [{ path: 'serviceId', message: noService }] }
  const returns = before !== undefined && before.to !== null && place.to === null
  if ((moved || returns) && !service) return { ...none, wrong: [{ path: 'serviceId', message: closedService }] }
  if (place.bedId === null) return none
  const path = 'bedId'
  const bed = beds.get(place.bedId)
  if (!bed) return { ...none, wrong: [{ path, message: noBed }] }
  const isSame = before?.bedId === place.bedId
  // A bed may have stood elsewhere then.
  const openings = bed.openings.filter(({ serviceId }) => serviceId === place.serviceId)
  const stays = isSame && !moved && before.to === null
  if (openings.length === 0 || (place.to === null && bed.serviceId !== place.serviceId && !stays))
    return { ...none, wrong: [{ path, message: elsewhere }] }
  if (!isOpen(openings, place)) return { ...none, unavailable: [{ path, message: closedBed }] }
  if (place.to === null && bed.state === 'outOfOrder' && !(isSame && before.to === null))
    return { ...none, unavailable: [{ path, message: outOfOrder }] }
  return none
}

// Openings that touch are one. On the day of its closing a bed was used until then.
function isOpen(openings: readonly Opening[], { from, to }: Place): boolean {
  let reach = from.slice(0, 10)
  let isCovered = false
  for (const { openedOn, closedOn } of openings.toSorted((a, b) => (a.openedOn < b.openedOn ? -1 : 1))) {
    if (openedOn > reach) break
    if (closedOn === null) return true
    if (closedOn < reach) continue
    reach = closedOn
    isCovered = true
  }
  return isCovered && to !== null && to.slice(0, 10) <= reach
}

const noService = text(
  'Cet identifiant n’est pas dans la liste de l’établissement.',
  "This identifier is not in the establishment's list.",
)
const closedService = text('Ce service est fermé.', 'This service is closed.')
const noBed = text(
  'Aucun lit de l’établissement n’a cet identifiant.',
  'No bed of the establishment has this identifier.',
)
const elsewhere = text(
  'Ce lit n’est pas dans ce service : indiquez le service du lit, ou un autre lit.',
  "This bed is not in this service: give the bed's service, or another bed.",
)
const closedBed = text('Ce lit est fermé, ou l’était alors.', 'This bed is closed, or was then.')
const outOfOrder = text('Ce lit est hors service.', 'This bed is out of order.')
