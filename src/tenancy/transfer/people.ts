import { v7 as uuidv7 } from 'uuid'
import type { OwnerSession } from '../owner/connection.ts'
import type { Place } from './place.ts'
import { recordOn } from './record.ts'
import type { Arrival } from './types.ts'

/**
 * Accounts without a password for those whose name and id nobody has here. Somebody of the same name is another person,
 * until an administrator invites them and they accept. @returns the names of the accounts made
 */
export async function addPeople(session: OwnerSession, place: Place, { people, actor }: Arrival): Promise<string[]> {
  const made: string[] = []
  for (const { id, username, displayName, roles } of people) {
    const [account] = await session.query(
      `insert into sis_platform.account (id, username, display_name, status) values ($1, $2, $3, 'invited')
       on conflict do nothing returning id`,
      [id, username, displayName],
    )
    if (!account) continue
    for (const role of roles)
      await session.query(
        `insert into sis_platform.membership (id, account_id, establishment_id, role, status) values ($1, $2, $3, $4, 'active')`,
        [uuidv7(), id, place.id, role],
      )
    await recordOn(session, place.schema, {
      action: 'user.create',
      resource: 'account',
      resourceId: id,
      actor,
      detail: { username, roles },
    })
    made.push(username)
  }
  return made
}
