import { randomUUID } from 'node:crypto'
import type { Anchors, Head, Owner, Position } from '#tenancy'
import type { Random } from '../../src/demo/random.ts'
import type { SigningKey } from '../../src/shared/ed25519.ts'
import type { TestDatabase } from '../cluster.ts'

/** An entry with the seal that covers it. */
export type Place = { chain: string; seal: number; id: string; seq: string; xid: string; at: string }
export type SealPlace = { chain: string; number: number; from: string; to: string }

/** A record of a few chains and rounds, as it stands before somebody has a hand in it. */
export type Recorded = { chains: string[]; entries: Place[]; seals: SealPlace[]; anchors: Anchors }

type Fields = { chain: string; at?: Date; id?: string }

/** Writes one entry past all walls; its `at` is the caller's business. */
export async function write(database: TestDatabase, entries: Fields[]): Promise<void> {
  await database.asSuperuser(
    `insert into sis_audit.entry (id, chain, tenant, at, actor_name, actor_role, action, resource, resource_id, patients, outcome, reason, ip, request_id, detail)
     select id, chain, nullif(chain, 'platform'), at, 'Essai ' || n, 'SIH', 'patient.read', 'patient', id::text, array[id], 'success', 'motif ' || n, '10.0.0.1',
       'r-' || n, jsonb_build_object('filters', array['q', 'sex'], 'rows', n)
     from unnest($1::uuid[], $2::text[], $3::timestamptz[]) with ordinality as x(id, chain, at, n)`,
    [
      entries.map(({ id }) => id ?? randomUUID()),
      entries.map(({ chain }) => chain),
      entries.map(({ at }) => (at ?? new Date()).toISOString()),
    ],
  )
}

/** Some twenty transactions of three establishments and of the platform in eight rounds, an hour old, all sealed. */
export async function record(
  database: TestDatabase,
  owner: Owner,
  key: SigningKey,
  choices: Random,
): Promise<Recorded> {
  const names = await database.asSuperuser<{ name: string }>(
    'select schema_name as name from sis_platform.establishment order by slug limit 3',
  )
  const chains = [...names.map(({ name }) => name), 'platform']
  const heads: Head[] = []
  let position: Position | undefined
  const began = Date.now() - 3_600_000
  for (let round = 0; round < 8; round++) {
    for (let n = choices.int(1, 4); n > 0; n--) {
      const at = new Date(began + round * 10_000 + n * 100)
      await write(
        database,
        Array.from({ length: choices.int(1, 6) }, (_, index) => ({
          chain: choices.pick(chains),
          at: new Date(at.getTime() + index),
        })),
      )
    }
    // Each chain has its first and its last seal, so that all have an end to cut off.
    if (round === 0 || round === 7) await write(database, chains.map((chain) => ({ chain, at: new Date(began + round * 10_000 + 900) }))) // prettier-ignore
    await owner.sealAudit(key)
    const newest = await owner.auditHeads(position)
    position = newest.position
    heads.push(...newest.heads)
  }
  const entries = await database.asSuperuser<Place>(
    `select e.chain, s.number as seal, e.id, e.seq::text, e.xid::text, e.at::text from sis_audit.entry e
     join sis_audit.seal s on s.chain = e.chain and s.from_xid <= e.xid and e.xid < s.to_xid order by e.seq`,
  )
  const seals = await database.asSuperuser<SealPlace>(
    'select chain, number, from_xid::text as from, to_xid::text as to from sis_audit.seal order by chain, number',
  )
  return { chains, entries, seals, anchors: { heads, unreadable: 0 } }
}

/** Whoever has the whole server takes what stands in the way first; and keeps a copy, to put all back. */
export async function prepareTampering(database: TestDatabase): Promise<() => Promise<void>> {
  await database.asSuperuser('alter table sis_audit.entry alter column seq drop identity')
  await database.asSuperuser('create table public.kept_entry as table sis_audit.entry')
  await database.asSuperuser('create table public.kept_seal as table sis_audit.seal')
  return async () => {
    await database.asSuperuser(
      `with gone as (delete from sis_audit.entry e using (table sis_audit.entry except table public.kept_entry) x where e.seq = x.seq returning 1),
         away as (delete from sis_audit.seal s using (table sis_audit.seal except table public.kept_seal) x where (s.chain, s.number) = (x.chain, x.number) returning 1)
       select count(*) from gone, away`,
    )
    await database.asSuperuser(
      `insert into sis_audit.entry select * from public.kept_entry k where not exists (select from sis_audit.entry where seq = k.seq)`,
    )
    await database.asSuperuser(
      `insert into sis_audit.seal select * from public.kept_seal k where not exists (select from sis_audit.seal s where (s.chain, s.number) = (k.chain, k.number))`,
    )
  }
}
