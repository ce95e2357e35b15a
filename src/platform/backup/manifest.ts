import { Type, type Static } from 'typebox'
import type { WholeContents } from '#tenancy'
import { nullable, object, Timestamp } from '../../shared/schemas.ts'
import { deriveKey, Slug } from '../auth/index.ts'
import { parsedAs, parsedOfFormat } from '../transfer/index.ts'

/** What this program writes, and the newest that it reads. */
export const wholeFormat = 1

// Looked up among what our own migrations made, never put into a statement unquoted.
const DatabaseName = Type.String({ pattern: '^[a-z_][a-z0-9_]{0,62}(\\.[a-z_][a-z0-9_]{0,62})?$', maxLength: 127 })
const SchemaName = Type.String({ pattern: '^sis_[a-z0-9]+_t_[a-z0-9]+$', maxLength: 63 })
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$', minLength: 64, maxLength: 64 })
const Version = Type.Integer({ minimum: 0, maximum: 9_999 })
const Tables = Type.Array(
  object({ name: DatabaseName, columns: Type.Array(DatabaseName, { minItems: 1, maxItems: 500 }) }),
  { maxItems: 500 },
)
const Migrations = Type.Array(object({ version: Version, name: Type.String({ maxLength: 100 }), checksum: Sha256 }), {
  maxItems: 9_999,
})

export const WholeManifest = object({
  format: Type.Literal(wholeFormat),
  /** The version of SIS that wrote it. */
  program: Type.String({ maxLength: 40 }),
  /** The master key (base64), where it lay in the data folder: without it the keys in the database stay closed. */
  masterKey: nullable(Type.String({ pattern: '^[A-Za-z0-9+/]{43}=$', maxLength: 44 })),
  /** Tells the right master key from another one before anything is restored. */
  keyCheck: nullable(Sha256),
  plan: object({
    installation: Type.String({ pattern: '^[a-z0-9]{1,40}$', maxLength: 40 }),
    takenAt: Timestamp,
    server: Type.Integer({ minimum: 150_000, maximum: 999_999 }),
    era: Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 }),
    migrations: object({ platform: Migrations, tenant: Migrations }),
    platform: Tables,
    shapes: Type.Array(Tables, { maxItems: 10_000 }),
    schemas: Type.Array(object({ name: SchemaName, slug: Type.Optional(Slug), version: Version, shape: Count }), {
      maxItems: 100_000,
    }),
  }),
})
export type WholeManifest = Static<typeof WholeManifest>

const Digest = object({ rows: Count, bytes: Count, sha256: Sha256 })
const Total = object({ tables: Count, rows: Count, bytes: Count, sha256: Sha256 })
export type Total = Static<typeof Total>

type Manifested = {
  program: string
  /** To be taken along: only where it lies beside the database. */
  masterKey: Buffer | undefined
  keyCheck: string | undefined
}

/** What tells one master key from another, and nothing else about it. */
export const keyCheckOf = (masterKey: Buffer): string => deriveKey(masterKey, 'master key check').toString('hex')

export const manifestOf = (
  { plan }: Pick<WholeContents, 'plan'>,
  { program, masterKey, keyCheck }: Pick<Manifested, 'program' | 'masterKey' | 'keyCheck'>,
): WholeManifest => ({
  format: wholeFormat,
  program,
  masterKey: masterKey?.toString('base64') ?? null,
  keyCheck: keyCheck ?? null,
  plan,
})

/** @throws BackupRefused content, newer */
export const parseManifest = (bytes: Buffer): WholeManifest => parsedOfFormat(WholeManifest, wholeFormat, bytes)

export const parseDigest = (bytes: Buffer): Static<typeof Digest> => parsedAs(Digest, bytes)
export const parseTotal = (bytes: Buffer): Total => parsedAs(Total, bytes)
