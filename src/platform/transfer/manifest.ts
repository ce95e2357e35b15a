import { createHash } from 'node:crypto'
import { Type, type Static } from 'typebox'
import { Line, nullable, object, Timestamp, Uuid } from '../../shared/schemas.ts'
import { EstablishmentRoleName, Name, Slug, TypeName, Username } from '../auth/index.ts'
import { StoredModules } from '../modules/schemas.ts'
import { parsedAs, parsedOfFormat } from './parsed.ts'

/** What this program writes, and the newest that it reads. */
export const contentFormat = 1

// A name of a table or a column is looked up among those of our own migrations, never put into a statement.
const DatabaseName = Type.String({ pattern: '^[a-z_][a-z0-9_]{0,62}$', maxLength: 63 })
const Count = Type.Integer({ minimum: 0, maximum: 1e12 })
const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$', minLength: 64, maxLength: 64 })

export const Manifest = object({
  format: Type.Literal(contentFormat),
  /** The version of SIS that wrote it. */
  program: Type.String({ maxLength: 40 }),
  exportedAt: Timestamp,
  installation: Type.String({ pattern: '^[a-z0-9]{1,40}$', maxLength: 40 }),
  establishment: object({
    id: Uuid,
    slug: Slug,
    name: Line(160, { minLength: 2 }),
    type: TypeName,
    region: Line(80),
    cercle: nullable(Line(80)),
    healthDistrict: nullable(Line(80)),
    /** What was chosen of its modules; absent from files of before there were any. */
    modules: Type.Optional(StoredModules),
  }),
  /** What its chain of the record is called there. */
  chain: DatabaseName,
  /** How many faults the verification of its record found before it was signed. */
  recordFindings: Count,
  migrations: Type.Array(
    object({
      version: Type.Integer({ minimum: 1, maximum: 9_999 }),
      name: Type.String({ maxLength: 100 }),
      checksum: Sha256,
    }),
    { maxItems: 9_999 },
  ),
  /** Who works there: names, never a credential. */
  people: Type.Array(
    object({
      id: Uuid,
      username: Username,
      displayName: Name,
      roles: Type.Array(EstablishmentRoleName, { minItems: 1, maxItems: 5 }),
    }),
    { maxItems: 50_000 },
  ),
  tables: Type.Array(
    object({ name: DatabaseName, columns: Type.Array(DatabaseName, { minItems: 1, maxItems: 500 }) }),
    { maxItems: 500 },
  ),
})
export type Manifest = Static<typeof Manifest>

export const Trailer = object({
  tables: Type.Array(object({ name: DatabaseName, rows: Count, bytes: Count, sha256: Sha256 }), { maxItems: 500 }),
})
export type Trailer = Static<typeof Trailer>

/** The manifest of these bytes. @throws BackupRefused content, newer */
export const parseManifest = (bytes: Buffer): Manifest => parsedOfFormat(Manifest, contentFormat, bytes)

export const parseTrailer = (bytes: Buffer): Trailer => parsedAs(Trailer, bytes)

/** What is signed: all of the manifest, and of each table its rows. */
export const statementOf = (manifest: Buffer, trailer: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from(`sis establishment backup 1\n${createHash('sha256').update(manifest).digest('hex')}\n`),
    trailer,
  ])
