import { SetupRefused, type MigrationReport, type Owner } from '#tenancy'
import { Failure } from './failure.ts'

export type Migration = MigrationReport & {
  /** How many steps of the shared schema were applied. */
  shared: number
}

/** Migrations of the shared schema, then of each establishment; one that fails stops nobody else and is named. @throws Failure */
export async function migrate(
  owner: Owner,
  tell: (line: string) => void,
  onProgress?: (done: number, of: number) => void,
): Promise<Migration> {
  const shared = await owner.migratePlatform().catch((error: unknown) => {
    throw error instanceof SetupRefused ? new Failure(`Base de données : ${error.message}`, { cause: error }) : error
  })
  await owner.reconcile()
  const report = await owner.migrateTenants(onProgress ? { onProgress } : {})
  for (const { slug, error } of report.failed) tell(`L’établissement ${slug} n’a pas pu être mis à jour : ${error}`)
  return { ...report, shared }
}
