import { text, type Text } from '../../shared/text.ts'
import type { Migration } from '../owner/migrations.ts'
import type { Prepared } from '../owner/prepared.ts'
import type { Look } from './look.ts'

export type Level = 'ok' | 'warning' | 'critical'

/** What one look at one point of the live database found. */
export type Check = {
  /** Stable; docs/operations.md lists all of them. */
  id: string
  level: Level
  /** What is so. */
  found: Text
  /** What to do about it; absent when there is nothing to do. */
  remedy?: Text
}

/** How a point stands in the catalogue of checks. */
export type Wording = {
  level: Exclude<Level, 'ok'>
  ok: Text
  /** The sentence about a finding; the names that were found follow it. */
  bad: Text
  remedy: Text
}

type Pair = readonly [fr: string, en: string]

/** One point of the catalogue; each sentence in French and in English. */
export function wording(level: Wording['level'], said: { ok: Pair; bad: Pair; remedy: Pair }): Wording {
  return { level, ok: text(...said.ok), bad: text(...said.bad), remedy: text(...said.remedy) }
}

/** Names of what is not as it should be, by the id of the check; an empty list, or none, where it is. */
export type Findings = Record<string, string[]>

/** An establishment as directory, roles, schemas and control table know it together. */
export type SeenTenant = {
  slug: string
  schema: string
  status: string
  waiting: boolean
  hasRole: boolean
  hasSchema: boolean
  version: number | null
  migration: string | null
}

/** What every check needs to know of the database that it looks at. */
export type Site = {
  look: Look
  installation: string
  /** The major version. */
  version: number
  /** The role that owns everything of ours. */
  owner: string
  apiRole: string
  platformMigrations: Migration[]
  tenantMigrations: Migration[]
  tenants: SeenTenant[]
  /** Made ahead; of nobody, or of a wish that is being fulfilled. */
  prepared: Prepared[]
}

/** The names of establishments' roles and schemas, as a regular expression of PostgreSQL. */
export const tenantPattern = ({ installation }: Pick<Site, 'installation'>): string => `^sis_${installation}_t_`

export const platformRoleNames = ({ installation }: Pick<Site, 'installation'>): string[] =>
  ['directory', 'accounts', 'audit'].map((role) => `sis_${installation}_${role}`)
