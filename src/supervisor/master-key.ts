import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Tenancy } from '#tenancy'
import { parseMasterKey, type Config } from '../config.ts'
import { ensureKeys } from '../platform/auth/keys.ts'
import { unseal } from '../platform/auth/sealing.ts'
import { Failure } from './failure.ts'
import { readSecret, writeSecret } from './secrets.ts'

const fileIn = (dataDir: string): string => join(dataDir, 'master-key')

/**
 * The master key, and with it the signing keys: made on the first start, tried on later ones.
 * @throws Failure with one sentence when the key is missing or is not the one that encrypted them
 */
export async function openKeys(config: Config, tenancy: Tenancy, tell: (line: string) => void): Promise<Buffer> {
  const masterKey = await masterKeyFor(config, tenancy, tell)
  try {
    await ensureKeys(tenancy.platform, masterKey)
  } catch (error) {
    if (!isWrongKey(error)) throw error
    throw new Failure('SIS_MASTER_KEY n’est pas la clé qui a chiffré les clés de cette base de données.', {
      cause: error,
    })
  }
  return masterKey
}

const isWrongKey = (error: unknown): boolean =>
  error instanceof Error && (/SIS_MASTER_KEY/.test(error.message) || isWrongKey(error.cause))

/**
 * The key that encrypts signing keys at rest (32 bytes): SIS_MASTER_KEY, else the data folder's file, made when the
 * database holds nothing encrypted yet.
 * @throws Failure when the database holds keys that only a lost master key opens
 */
async function masterKeyFor(config: Config, tenancy: Tenancy, tell: (line: string) => void): Promise<Buffer> {
  const found = findMasterKey(config)
  if (found) return found
  const file = fileIn(config.dataDir)
  if (await hasSealedKeys(tenancy)) {
    throw new Failure(
      `SIS_MASTER_KEY manque : la base de données contient des clés qu’elle seule ouvre (ni variable, ni fichier ${file}).`,
    )
  }
  const made = randomBytes(32)
  writeSecret(file, made.toString('base64'))
  if (config.production)
    tell(`SIS_MASTER_KEY n’est pas donné : une clé a été créée dans ${file}. Gardez-en une copie ailleurs.`)
  return made
}

/** SIS_MASTER_KEY, else the data folder's file; undefined where there is neither. @throws Failure when it is no key */
export function findMasterKey(config: Config): Buffer | undefined {
  if (config.masterKey) return parse(config.masterKey, 'SIS_MASTER_KEY')
  const stored = readSecret(fileIn(config.dataDir))
  return stored === undefined ? undefined : parse(stored, fileIn(config.dataDir))
}

/** The key of the data folder's file, where SIS_MASTER_KEY does not take its place. @throws Failure when it is no key */
export function storedMasterKey(config: Config): Buffer | undefined {
  return config.masterKey ? undefined : findMasterKey(config)
}

/** Whether a master key opens a signing key as it is stored. */
export function opensKey(masterKey: Buffer, { kid, private_key }: { kid: string; private_key: Buffer }): boolean {
  try {
    unseal(masterKey, private_key, kid)
    return true
  } catch {
    return false
  }
}

export const writeMasterKey = (dataDir: string, key: Buffer): void =>
  writeSecret(fileIn(dataDir), key.toString('base64'))

function parse(value: string, source: string): Buffer {
  const key = parseMasterKey(value)
  if (!key) throw new Failure(`${source} ne contient pas une clé de 32 octets.`)
  return key
}

async function hasSealedKeys(tenancy: Tenancy): Promise<boolean> {
  const found = await tenancy.platform.read('accounts', (db) =>
    db.selectFrom('signing_key').select('kid').limit(1).execute(),
  )
  return found.length > 0
}
