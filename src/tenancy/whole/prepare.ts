import { BackupRefused } from '../../shared/backup-refused.ts'
import { ident, type OwnerPool, type OwnerSession } from '../owner/connection.ts'
import { restoringSchema } from './marker.ts'

const ours = `^(sis_platform|sis_ref|sis_ext|sis_audit|sis_[a-z0-9]+_t_[a-z0-9]+)$`
// Locks of one transaction: each table and index of a schema is one (about 60 of an establishment).
const schemasEach = 20

/**
 * Makes sure that this database has nothing of SIS, and marks it as being restored into. What a restore left that did not
 * come to its end is removed; nothing else ever is.
 * @throws BackupRefused occupied
 */
export async function prepareRestore(pool: OwnerPool): Promise<void> {
  await pool.asLogin(async (session) => {
    const found = await findOurs(session)
    const [marker] = await session.query(`select 1 from pg_namespace where nspname = '${restoringSchema}'`)
    if (!marker && found.length > 0) throw new BackupRefused('occupied')
    // Two restores at once must not both find it empty.
    if (!marker) await session.run(`create schema ${restoringSchema}`)
    // The shared schemas last: a second attempt that is cut off as well still finds what is whose.
    const ordered = found.toSorted((a, b) => Number(!a.includes('_t_')) - Number(!b.includes('_t_')))
    for (let at = 0; at < ordered.length; at += schemasEach)
      await session.run(
        `drop schema ${ordered
          .slice(at, at + schemasEach)
          .map(ident)
          .join(', ')} cascade`,
      )
  })
}

const findOurs = async (session: OwnerSession): Promise<string[]> =>
  (
    await session.query<{ name: string }>(
      `select nspname::text as name from pg_namespace where nspname ~ '${ours}' order by 1`,
    )
  ).map(({ name }) => name)
