import pg from 'pg'
import { openOwner } from '#tenancy'
import { migrationsFolder, quiet } from '../cluster.ts'
import { startExternal } from '../external-postgres.ts'
import type { Server } from './attacker.ts'

/** A PostgreSQL of the system with two establishments. @param bin its bin folder */
export async function startOldest(bin: string): Promise<Server> {
  const postgres = await startExternal(bin)
  const superuserUrl = postgres.url('postgres')
  const owner = openOwner({ url: superuserUrl, migrationsFolder, log: quiet })
  const { installation, apiRole } = await owner.bootstrap({ apiPassword: 'pool' })
  await owner.migratePlatform()
  for (const slug of ['cscom_un', 'cscom_deux'])
    await owner.createEstablishment({ slug, name: `CSCOM ${slug}`, type: 'cscom', region: 'Mopti' })
  await owner.close()
  const client = new pg.Pool({ connectionString: superuserUrl, max: 1 })
  return {
    superuserUrl,
    apiUrl: superuserUrl.replace('postgres:external', `${apiRole}:pool`),
    installation,
    asSuperuser: async <R extends pg.QueryResultRow>(sql: string, values: unknown[] = []) =>
      (await client.query<R>(sql, values)).rows,
    async stop() {
      await client.end()
      await postgres.stop()
    },
  }
}
