import { existsSync } from 'node:fs'
import type { Config } from '../config.ts'
import { explainDatabase, reachDatabase, type Reached } from '../supervisor/database.ts'
import { holderOf, takeLock } from '../supervisor/lock.ts'

const tell = (line: string): void => void process.stderr.write(`${line}\n`)

/**
 * Runs a command that only looks: on the running server's database, else on one that is started for it and stopped
 * afterwards. Nothing is set up or migrated. @throws Failure when it cannot be reached
 */
export async function withReached<T>(config: Config, work: (reached: Reached) => Promise<T>): Promise<T> {
  const isServed = !config.databaseUrl && holderOf(config.dataDir)?.what === 'serve'
  const isOurs = !isServed && !config.databaseUrl
  const lock = isOurs && existsSync(config.dataDir) ? takeLock(config.dataDir, 'commande sis') : undefined
  try {
    const reached = await reachDatabase(config, { tell, joinRunning: isServed })
    try {
      return await work(reached)
    } catch (error) {
      throw explainDatabase(error, reached.ownerUrl)
    } finally {
      await reached.stop()
    }
  } finally {
    lock?.release()
  }
}
