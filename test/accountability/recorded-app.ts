import { pino } from 'pino'
import { createTenancy, type AccessLog, type Tenancy } from '#tenancy'
import { buildApp } from '../../src/app.ts'
import { openAccess } from '../../src/platform/auth/index.ts'
import { prepareBinaries } from '../../src/supervisor/binaries.ts'
import { startPostgres } from '../../src/supervisor/postgres.ts'
import { join } from 'node:path'
import { quiet, startDatabase, type TestDatabase } from '../cluster.ts'
import { Client, harnessConfig } from '../harness.ts'

export type RecordedApp = {
  url: string
  as(username: string): Client
  tenancy: Tenancy
  close(): Promise<void>
}

/** A PostgreSQL that keeps what it answered: those of other tests do not wait for the disk. */
export async function startDurable(): Promise<TestDatabase & { restart(how: 'fast' | 'immediate'): Promise<void> }> {
  const database = await startDatabase()
  const restart = async (how: 'fast' | 'immediate'): Promise<void> => {
    await database.postgres.stop(how)
    const { port } = database.postgres
    const logFile = join(database.directory, '..', 'log')
    database.postgres = await startPostgres(prepareBinaries(), database.directory, { port, logFile, settings: {} })
  }
  await restart('fast')
  return Object.assign(database, { restart })
}

/** The application on a database that may go away, listening on a real port. @param changed a damaged record (controls) */
export async function recordedApp(
  database: TestDatabase,
  changed: (accesses: AccessLog) => AccessLog = (accesses) => accesses,
): Promise<RecordedApp> {
  const { apiUrl, installation } = database
  const opened = await createTenancy({ url: apiUrl, installation, poolSize: 6, log: quiet })
  const tenancy = { ...opened, accesses: changed(opened.accesses) }
  const access = await openAccess({ tenancy, masterKey: Buffer.alloc(32, 7), installation })
  const app = await buildApp({ config: harnessConfig, access, log: pino({ level: 'silent' }) })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  await tenancy.directory.refresh()
  return {
    url,
    tenancy,
    as: (username) => new Client(app, username),
    async close() {
      await app.close()
      access.close()
      await tenancy.close()
    },
  }
}
