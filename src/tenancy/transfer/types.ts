import type { Establishment, EstablishmentType } from '../types.ts'

/** A table as it travels: what it is called, and its columns in the order of its rows. */
export type PortableTable = { name: string; columns: string[] }

export type PortableEstablishment = {
  id: string
  slug: string
  name: string
  type: EstablishmentType
  region: string
  cercle: string | null
  healthDistrict: string | null
  /** What was chosen of its modules; absent in a file of before there were any. */
  modules?: Establishment['modules']
}

/** Who works somewhere, without anything to log in with. */
export type Person = { id: string; username: string; displayName: string; roles: string[] }

/** One establishment at one instant. */
export type EstablishmentContents = {
  establishment: PortableEstablishment
  /** What its chain of the record is called here. */
  chain: string
  migrations: { version: number; name: string; checksum: string }[]
  people: Person[]
  tables: (PortableTable & { /** A guess, for a progress bar. */ rows: number })[]
  /** Tables of its schema that no migration made: they stay where they are. */
  strangers: string[]
  /** The rows as PostgreSQL's COPY writes them (text). */
  read(table: PortableTable): AsyncIterable<Buffer>
}

/** What is to be restored, as a file says that it was. */
export type Arrival = {
  establishment: PortableEstablishment
  chain: string
  migrations: { version: number; name: string; checksum: string }[]
  tables: PortableTable[]
  /** For whom an account without a password is made, where name and id are free. */
  people: Person[]
  /** `own`: into the archived establishment that it was; else under this slug, as a new one. */
  into: 'own' | { slug: string }
  /** What this installation keeps, to show later that the record was not touched. */
  proof: Proof
  /** Everything is done, then taken back. */
  isTrial: boolean
  /** Who restores, for the record. */
  actor: string
  detail: Record<string, unknown>
}

/** @param publicKey Ed25519, 32 bytes in base64url */
export type Proof = { installation: string; publicKey: string; statement: Buffer; signature: Buffer }

export type ArrivingTable = { name: string; data: AsyncIterable<Buffer> }

export type Restored = {
  id: string
  slug: string
  rows: number
  /** Entries of its record that were not here yet. */
  entries: number
  /** Accounts that were made. */
  people: string[]
  /** Where the archived establishment's former records are kept. */
  kept: string | undefined
}

/** The part of a record that came with a restore, and what its former installation signed of it. */
export type RestoredRecord = Proof & {
  slug: string
  restoredAt: string
  /** What the events of a restore, on the establishment's own record, say of theirs. */
  announced: Record<string, unknown>[]
  read(): AsyncIterable<Buffer>
}
