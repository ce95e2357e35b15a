import { createHash } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { openOwner, type EstablishmentContents, type Owner } from '#tenancy'
import { installationKey } from '../../src/platform/audit/installation-key.ts'
import { newSealing, sealed, type Sealing } from '../../src/platform/transfer/container.ts'
import { contentOf } from '../../src/platform/transfer/content.ts'
import { exportEstablishment, keyPurpose, type Exported } from '../../src/platform/transfer/index.ts'
import type { Manifest, Trailer } from '../../src/platform/transfer/manifest.ts'
import type { SigningKey } from '../../src/shared/ed25519.ts'
import { clusterPassword, migrationsFolder, quiet, type TestDatabase } from '../cluster.ts'
import { removeFolder } from '../ending.ts'

export const passphrase = 'sept calebasses au marché de Djenné'
/** What the harness signs its tokens with. */
export const masterKey = Buffer.alloc(32, 7)
export const ownKey = installationKey(masterKey, keyPurpose)
export const foreignKey = installationKey(Buffer.alloc(32, 8), keyPurpose)

const folder = mkdtempSync(join(tmpdir(), 'sis-backup-'))
after(() => removeFolder(folder))
export const fileNamed = (name: string): string => join(folder, name)

export type Query = <R extends pg.QueryResultRow>(sql: string, values?: unknown[]) => Promise<R[]>

export async function schemaOf(query: Query, slug: string): Promise<string> {
  const [row] = await query<{ schema: string }>(
    'select schema_name as schema from sis_platform.establishment where slug = $1',
    [slug],
  )
  return row?.schema ?? ''
}

export async function archive(owner: Owner, query: Query, slug: string): Promise<void> {
  await query(`update sis_platform.establishment set status = 'archived' where slug = $1`, [slug])
  await owner.reconcile()
}

// What has broken copies elsewhere: COPY's own marks, separators, both kinds of nothing, other scripts, joined letters.
const texts = [
  '\\N', '\\.', '\\\\', 'a\tb\nc\rd', '\b\f\v', "l'eau; drop table patient; --", '"', 'NULL', '', ' ', 'é', 'e\u0301', 'ߒߞߏ', '🩺\u200d⚕', '\u2028',
  '\ufeff', '{"a":1}', '{a,b}', 'x'.repeat(15_000), '\\x41', '%s$1',
] // prettier-ignore

/** Puts rows of every kind into an establishment's tables: each value is stored as whoever writes SQL can store it. */
export async function fillStrangely(query: Query, schema: string): Promise<void> {
  const at = (table: string): string => `${schema}.${table}`
  await query(`insert into ${at('file_counter')} values (2026, 0)`)
  for (const [index, strange] of texts.entries()) {
    const [patient, service] = [uuidv7(), uuidv7()]
    const name = strange.slice(0, 200) || '-'
    await query(`insert into ${at('service')} (id, name, name_key) values ($1, $2, $3)`, [service, name, `${index}`])
    await query(
      `insert into ${at('patient')} (id, file_year, file_number, family_name, given_name, sex, birth_precision, birth_date, born_from,
         born_to, village, village_key, mother_name, allergies, search_key, created_by_name, updated_at)
       values ($1, 2026, $2, $3, $3, 'F', 'day', '1850-02-28', '1850-02-28', 'infinity', $4, $5, $6, $7, $4, 'x', '0044-03-15 BC')`,
      [patient, index + 1, name, strange.slice(0, 300), index % 2 ? null : '', index % 3 ? null : strange.slice(0, 300), index % 2 ? [] : [strange, '', 'NULL', 'a,b']],
    ) // prettier-ignore
    await query(
      `insert into ${at('consultation')} (id, patient_id, date, service_id, notes, codes, temperature, weight, height, systolic, search_key, created_by_name)
       values ($1, $2, '1900-01-01', $3, $4, $5, 36.6, 0.2, 250.0, $6, $4, 'x')`,
      [uuidv7(), patient, service, strange, JSON.stringify([{ code: strange, n: 1e300, s: 0.1, deep: { a: [null] } }]), index % 2 ? null : 300],
    ) // prettier-ignore
    await query(
      `insert into ${at('record_version')} (resource, resource_id, version, by_name, action, data) values ('patient', $1, 1, 'x', 'create', $2)`,
      [patient, JSON.stringify({ strange, number: '1.50', list: texts.slice(0, index) })],
    )
    await query(
      `insert into sis_audit.entry (id, chain, tenant, at, actor_name, action, reason, patients, outcome, detail)
       values ($1, $2, $2, now() - interval '1 day' * $3, 'Awa', 'patient.read', $4, $5, 'success', $6)`,
      [uuidv7(), schema, index, strange.slice(0, 500), index % 2 ? [] : [patient], index % 3 ? null : JSON.stringify({ q: strange.slice(0, 9) })],
    ) // prettier-ignore
  }
  // What no compression shortens: several chunks of it.
  await query(
    `insert into ${at('record_version')} (resource, resource_id, version, by_name, action, data)
     select 'consultation', gen_random_uuid(), n, 'x', 'create',
       jsonb_build_object('notes', (select string_agg(md5(random()::text || n || m), '') from generate_series(1, 400) m))
     from generate_series(1, 30) n`,
  )
  await query(
    `insert into ${at('idempotency_key')} (account_id, route, key, request_hash) values ($1, 'r', 'k', 'h')`,
    [uuidv7()],
  )
}

/** A hospital's years: patients, five visits each, their history, and who looked. */
export async function fillMany(query: Query, schema: string, visits: number): Promise<void> {
  await query(
    `insert into ${schema}.patient (id, file_year, file_number, family_name, given_name, sex, birth_precision, birth_date, born_from, born_to,
       search_key, created_by_name)
     select gen_random_uuid(), 2026, n, 'TRAORÉ ' || n % 300, 'Awa ' || n % 500, 'F', 'day', '1990-01-01', '1990-01-01', '1990-01-01',
       'traore ' || n % 300 || ' awa ' || n % 500, 'x' from generate_series(1, $1::int) n`,
    [visits / 5],
  )
  await query(
    `insert into ${schema}.consultation (id, patient_id, date, reason, diagnosis, examinations, treatment, notes, codes, temperature,
       search_key, created_by_name)
     select gen_random_uuid(), id, date '2025-01-01' + (random() * 300)::int, 'Fièvre depuis ' || k || ' jours', 'Paludisme simple',
       'TDR positif ' || md5(random()::text), 'Artéméther-luméfantrine 3 jours', md5(random()::text) || md5(random()::text),
       '[{"code": "B54", "role": "main", "label": "Paludisme, sans précision", "system": "icd10", "category": "B54"}]', 38.5,
       'paludisme simple fievre depuis ' || k || ' jours', 'Dr Diarra'
     from ${schema}.patient, generate_series(1, 5) k`,
  )
  await query(`insert into ${schema}.record_version (resource, resource_id, version, by_name, action, data)
    select 'consultation', id, 1, 'x', 'create', to_jsonb(c) from ${schema}.consultation c`)
  await query(
    `insert into sis_audit.entry (id, chain, tenant, actor_name, action, patients, outcome)
     select gen_random_uuid(), $1, $1, 'Awa Diarra', 'patient.read', array[patient_id], 'success' from ${schema}.consultation`,
    [schema],
  )
}

/** Every row of every table of an establishment but its operation keys, as PostgreSQL writes it, and of its record what an entry says. */
export async function rowsOf(query: Query, schema: string): Promise<Record<string, string[]>> {
  const tables = await query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = $1::regnamespace and relkind in ('r', 'p') and relname <> 'idempotency_key' order by 1`,
    [schema],
  )
  const rows: Record<string, string[]> = {}
  for (const { name } of tables)
    rows[name] = (await query<{ row: string }>(`select t::text as row from ${schema}.${name} t order by 1`)).map(({ row }) => row) // prettier-ignore
  rows['record'] = (
    await query<{ row: string }>(
      `select (id, at, actor_id, actor_name, actor_role, session_id, action, resource, resource_id, patients, outcome, reason, ip, request_id,
         detail)::text as row from sis_audit.entry where tenant = $1 and action not in ('establishment.restore', 'establishment.exported')
         order by at, id`,
      [schema],
    )
  ).map(({ row }) => row)
  return rows
}

/** The same in short. */
export const digestOf = (rows: Record<string, string[]>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(rows).map(([name, all]) => [
      name,
      `${all.length} ${all.reduce((hash, row) => hash.update(`${row}\n`), createHash('sha256')).digest('hex')}`,
    ]),
  )

/** Everything that a refused restore might have left. */
export const traces = (query: Query): Promise<unknown[]> =>
  query(`select 'schema' as kind, nspname::text as name from pg_namespace union all select 'role', rolname from pg_roles
    union all select 'establishment', slug || status from sis_platform.establishment union all select 'account', username from sis_platform.account
    union all select 'entries', count(*)::text from sis_audit.entry union all select 'restored', count(*)::text from sis_audit.restored order by 1, 2`)

export const exported = (
  owner: Owner,
  slug: string,
  path: string,
  options: Partial<{ key: SigningKey; installation: string }> = {},
): Promise<Exported> =>
  exportEstablishment(owner, {
    slug,
    path,
    passphrase,
    key: ownKey,
    installation: 'abcd',
    program: '0.1.0',
    recordFindings: 0,
    onRecord: async () => {},
    ...options,
  })

let shared: Promise<Sealing> | undefined

/** A backup that says and holds what the test wants, validly signed and sealed: an attacker has an installation of his own. */
export async function forge(
  name: string,
  manifest: Manifest,
  read: EstablishmentContents['read'],
  key = foreignKey,
  lie: (trailer: Trailer) => void = () => {},
): Promise<{ path: string; sealing: Sealing }> {
  shared ??= newSealing(passphrase)
  const sealing = await shared
  const path = fileNamed(name)
  const pieces: Buffer[] = []
  await pipeline(
    Readable.from(contentOf(manifest, { read }, key, { beforeSigned: lie }), { objectMode: false }),
    createGzip(),
    (zipped: AsyncIterable<Buffer>) => sealed(sealing, zipped),
    async (all: AsyncIterable<Buffer>) => {
      for await (const piece of all) pieces.push(piece)
    },
  )
  writeFileSync(path, Buffer.concat(pieces))
  return { path, sealing }
}

export type Elsewhere = { owner: Owner; query: Query; installation: string; close(): Promise<void> }

/** Another installation: a database and roles of its own, set up by an owner who is no superuser. */
export async function openElsewhere(database: TestDatabase): Promise<Elsewhere> {
  await database.asSuperuser(`create role elsewhere_owner login createrole password 'owner'`)
  await database.asSuperuser('create database elsewhere owner elsewhere_owner template template0')
  const url = new URL(database.superuserUrl)
  url.pathname = '/elsewhere'
  const superuserUrl = url.toString()
  ;[url.username, url.password] = ['elsewhere_owner', 'owner']
  const owner = openOwner({ url: url.toString(), migrationsFolder, log: quiet })
  const { installation } = await owner.bootstrap({ apiPassword: clusterPassword })
  await owner.migratePlatform()
  const pool = new pg.Pool({ connectionString: superuserUrl, max: 1 })
  pool.on('error', () => {})
  return {
    owner,
    installation,
    query: async <R extends pg.QueryResultRow>(sql: string, values: unknown[] = []) =>
      (await pool.query<R>(sql, values)).rows,
    async close() {
      await owner.close()
      await pool.end()
    },
  }
}
