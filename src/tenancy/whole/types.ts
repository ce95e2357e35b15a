/** A table as it travels, and its columns in the order of its rows. */
export type WholeTable = { name: string; columns: string[] }

export type AppliedMigration = { version: number; name: string; checksum: string }

/** One establishment's tables, or what an archived one had before it was restored. */
export type WholeSchema = {
  name: string
  /** undefined: set aside, nobody's any more. */
  slug?: string
  /** Of its migrations. */
  version: number
  /** Which of the shapes its tables have. */
  shape: number
}

/** Everything of one installation at one instant, but for its rows. */
export type WholePlan = {
  installation: string
  takenAt: string
  /** PostgreSQL's version number, as 180004. */
  server: number
  /** The era in which the audit record goes on. */
  era: number
  migrations: { platform: AppliedMigration[]; tenant: AppliedMigration[] }
  /** The shared tables, each with its schema, those first that others refer to. */
  platform: WholeTable[]
  shapes: WholeTable[][]
  schemas: WholeSchema[]
}

/** What the name of the shared tables' place is; no schema is called so. */
export const platformPlace = '_platform'

export type WholePart = WholeTable & { place: string; read(): AsyncIterable<Buffer> }

export type SealedSigningKey = { kid: string; private_key: Buffer }

export type WholeContents = {
  plan: WholePlan
  /** Signing keys in use, to try a master key on. */
  keys: SealedSigningKey[]
  /** Bytes of the whole database, with its indexes. */
  databaseBytes: number
  /** Tables and schemas that no migration of ours made: they are not in it. */
  strangers: string[]
  /** The rows of each table as COPY writes them, in the plan's order. */
  parts(): AsyncGenerator<WholePart>
}

/** A table's rows on their way back, and what they must be once they are stored. */
export type ArrivingPart = {
  place: string
  name: string
  data: AsyncIterable<Buffer>
  /** Asked for once the rows have passed. */
  digest(): WholeDigest
}

export type WholeDigest = { rows: number; bytes: number; sha256: string }

export type RunKind = 'backup' | 'drill' | 'restore'

/** Of one kind: how the last one ended, and the instant that the last good one shows (seconds since 1970). */
export type NewestRun = { kind: RunKind; outcome: 'success' | 'failure'; succeededAt: number | null }

/** What `sis doctor` and the register tell of backups. */
export type BackupRun = {
  kind: RunKind
  outcome: 'success' | 'failure'
  takenAt?: string
  fileName?: string
  sha256?: string
  bytes?: number
  rows?: number
  durationMs: number
  /** Of a failure. */
  reason?: string
}
