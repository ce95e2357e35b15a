import { createTenancy, type Log, type Tenancy } from '#tenancy'
import { loadConfig, type Config } from '../config.ts'
import { auditKey } from '../platform/audit/installation-key.ts'
import { anchorsOf } from '../supervisor/anchors.ts'
import { openDatabase, type Database } from '../supervisor/database.ts'
import { holderOf, takeLock } from '../supervisor/lock.ts'
import { createLog } from '../supervisor/log.ts'
import { findMasterKey, openKeys } from '../supervisor/master-key.ts'
import { migrate, type Migration } from '../supervisor/migrate.ts'
import { sealNow } from '../supervisor/sealing.ts'
import { privateFolder } from '../supervisor/secrets.ts'
import { progressBar } from './progress.ts'

/** What a command works with: everything that the supervisor has, on the database of the configuration. */
export type Session = {
  config: Config
  database: Database
  tenancy: Tenancy
  /** What was migrated for this command; absent when a server runs, which has done it. */
  migration?: Migration
  /** The key that encrypts keys at rest; made when the database is new. */
  masterKey(): Promise<Buffer>
}

/** Sentences for the person go to the error output: the standard output is the result. */
export const tell = (line: string): void => void process.stderr.write(`${line}\n`)

/**
 * Runs a command on the database: the running server's, else one that is started for it and stopped afterwards.
 * @throws Failure when it cannot be reached
 */
export async function withDatabase<T>(work: (session: Session) => Promise<T>): Promise<T> {
  const config = loadConfig()
  const log = createLog(config.logLevel === 'warn' || config.logLevel === 'info' ? 'error' : config.logLevel, 2)
  privateFolder(config.dataDir)
  const isServed = !config.databaseUrl && holderOf(config.dataDir)?.what === 'serve'
  const lock = isServed || config.databaseUrl ? undefined : takeLock(config.dataDir, 'commande sis')
  try {
    const database = await openDatabase(config, { log, tell, joinRunning: isServed })
    try {
      const migration = isServed ? undefined : await migrate(database.owner, tell, progressBar('Établissements'))
      const tenancy = await createTenancy({
        ...database,
        url: database.apiUrl,
        poolSize: 4,
        pooler: config.pooler,
        log,
        name: 'sis-command',
      })
      try {
        return await work({
          config,
          database,
          tenancy,
          ...(migration && { migration }),
          masterKey: () => openKeys(config, tenancy, tell),
        })
      } finally {
        await tenancy.close()
        if (lock) await seal(config, database, log)
      }
    } finally {
      await database.close()
    }
  } finally {
    lock?.release()
  }
}

/** What a command wrote while no server runs is not left without a seal until one does. */
async function seal(config: Config, { owner }: Database, log: Log): Promise<void> {
  const masterKey = findMasterKey(config)
  if (masterKey) await sealNow({ owner, key: auditKey(masterKey), anchors: anchorsOf(config, log), log })
}
