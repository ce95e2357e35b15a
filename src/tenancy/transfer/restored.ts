import { OwnerPool } from '../owner/connection.ts'
import { copyRestored } from './record.ts'
import type { RestoredRecord } from './types.ts'

type Row = {
  slug: string
  tenant: string
  restoredAt: string
  installation: string
  publicKey: string
  statement: Buffer
  signature: Buffer
  columns: string[]
  first: string
  last: string
  announced: Record<string, unknown>[]
}

/** Hands `work` each part of a record that a restore brought, one after the other. */
export async function eachRestored(
  pool: OwnerPool,
  work: (restored: RestoredRecord) => Promise<void>,
  slug?: string,
): Promise<void> {
  await pool.snapshot(async (session) => {
    const rows = await session.query<Row>(
      `select e.slug, r.tenant, r.restored_at::text as "restoredAt", r.installation, r.public_key as "publicKey", r.statement,
         r.signature, r.columns, r.first_seq::text as first, r.last_seq::text as last,
         array(select detail from sis_audit.entry where tenant = r.tenant and chain = 'platform' and action = 'establishment.restore') as announced
       from sis_audit.restored r join sis_platform.establishment e on e.schema_name = r.tenant
       where $1::text is null or e.slug = $1 order by r.restored_at`,
      [slug ?? null],
    )
    for (const { tenant, columns, first, last, ...restored } of rows)
      await work({ ...restored, read: () => session.copyOut(copyRestored(tenant, columns, first, last)) })
  })
}

/** The same at the owner's or a superuser's address, changing nothing. */
export async function readRestored(
  url: string,
  work: (restored: RestoredRecord) => Promise<void>,
  slug?: string,
): Promise<void> {
  const pool = new OwnerPool(url, 1)
  try {
    await eachRestored(pool, work, slug)
  } finally {
    await pool.close()
  }
}
