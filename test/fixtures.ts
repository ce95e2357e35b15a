import { hash } from '@node-rs/argon2'
import pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import type { NewEstablishment, Owner } from '#tenancy'

export const testPassword = 'mil et karité, fleuve Niger'

export const establishments = [
  { slug: 'sih_mopti', name: 'Hôpital Sominé Dolo', type: 'hospital', region: 'Mopti', cercle: 'Mopti' },
  { slug: 'csref_djenne', name: 'CSRéf de Djenné', type: 'csref', region: 'Mopti', cercle: 'Djenné' },
  { slug: 'cscom_sangha', name: 'CSCOM de Sangha', type: 'cscom', region: 'Bandiagara', cercle: 'Sangha' },
  { slug: 'cabinet_etoile', name: 'Cabinet Médical Étoile', type: 'cabinet', region: 'Mopti', cercle: 'Mopti' },
] as const satisfies NewEstablishment[]

const agentRole = { hospital: 'SIH', csref: 'SIS_CSREF', cscom: 'SIS_CSCOM', cabinet: 'SIS_CABINET' } as const

/**
 * Four establishments with an agent and an administrator each, and the three platform accounts; one password. They carry
 * the demonstration's mark and so skip the second factor: its own tests make people without it.
 */
export async function addFixtures(owner: Owner, url: string): Promise<void> {
  const passwordHash = await hash(testPassword, { memoryCost: 19_456, timeCost: 2, parallelism: 1 })
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const account = async (username: string, platformRole: string | null): Promise<string> => {
    const id = uuidv7()
    await client.query(
      `insert into sis_platform.account (id, username, display_name, password_hash, status, platform_role, demo)
       values ($1, $2, $3, $4, 'active', $5, true)`,
      [id, username, `Essai ${username}`, passwordHash, platformRole],
    )
    return id
  }
  await account('superadmin', 'SUPER_ADMIN')
  await account('ministere', 'MINISTERE_SIS')
  await account('insp', 'SIS_INRSP')
  for (const establishment of establishments) {
    const id = await owner.createEstablishment(establishment)
    for (const [suffix, role] of [
      ['agent', agentRole[establishment.type]],
      ['admin', 'ADMIN_LOCAL'],
    ] as const) {
      const accountId = await account(`${establishment.slug}.${suffix}`, null)
      await client.query(
        `insert into sis_platform.membership (id, account_id, establishment_id, role, status) values ($1, $2, $3, $4, 'active')`,
        [uuidv7(), accountId, id, role],
      )
    }
  }
  await client.end()
}
