import { invalidInput, problem } from '../../shared/errors.ts'
import { text } from '../../shared/text.ts'
import type { EstablishmentChange } from './schemas.ts'

// Archived is final: its slug and its records stay, nobody works there again. One that could not be prepared is tried
// again by `active`.
const transitions: Record<string, readonly string[]> = {
  active: ['suspended', 'archived'],
  suspended: ['active', 'archived'],
  failed: ['active', 'archived'],
}

/**
 * Whether an establishment may take this status, with a reason that its own people can read.
 * @throws status_change_refused; invalid_input without a reason
 */
export function checkStatusChange(from: string, { status, reason }: EstablishmentChange): void {
  if (status === undefined) return
  if (!transitions[from]?.includes(status)) throw problem('status_change_refused')
  if (reason === undefined)
    throw invalidInput({
      path: 'reason',
      message: text("Le motif est obligatoire pour changer d'état.", 'A change of status needs a reason.'),
    })
}

/** What is stored for a wished status: a schema that is not there yet must first be prepared. */
export const storedStatus = (from: string, wished: string): string =>
  from === 'failed' && wished === 'active' ? 'provisioning' : wished

/** The action's name on the record. */
export const actionOf = ({ status }: EstablishmentChange): string =>
  status === 'suspended'
    ? 'establishment.suspend'
    : status === 'archived'
      ? 'establishment.archive'
      : status === 'active'
        ? 'establishment.reactivate'
        : 'establishment.update'
