import { join } from 'node:path'
import { openOwner, type Owner } from '#tenancy'
import { loadConfig, packageRoot, type Config } from '../config.ts'
import { createLog } from '../supervisor/log.ts'
import { withReached } from './reached.ts'

/**
 * Runs a command with the owner's rights on the database as it is: nothing is set up or migrated.
 * @throws Failure when there is none, or it cannot be reached
 */
export async function withOwner<T>(work: (owner: Owner, config: Config) => Promise<T>): Promise<T> {
  const config = loadConfig()
  return withReached(config, async ({ ownerUrl: url }) => {
    const log = createLog(config.logLevel === 'warn' || config.logLevel === 'info' ? 'error' : config.logLevel, 2)
    const owner = openOwner({ url, migrationsFolder: join(packageRoot, 'migrations'), log })
    try {
      return await work(owner, config)
    } finally {
      await owner.close()
    }
  })
}
