// What a round of seals costs the supervisor, by entries and chains, and what the examination of the record costs.
//   node --import tsx --conditions=sis-source bench/seals.ts
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { auditKey } from '../src/platform/audit/installation-key.ts'
import { startDatabase } from '../test/cluster.ts'

const key = auditKey(Buffer.alloc(32, 7))
const database = await startDatabase()
const owner = await database.owner()

/** Entries of an ordinary size, spread over chains. */
const write = (entries: number, chains: number) =>
  database.asSuperuser(
    `insert into sis_audit.entry (id, chain, tenant, at, actor_id, actor_name, actor_role, session_id, action, resource, resource_id, patients, outcome, ip, request_id, detail)
     select gen_random_uuid(), c, c, now() - interval '1 hour', gen_random_uuid(), 'Fatoumata Coulibaly', 'SIS_CSREF', gen_random_uuid(), 'patient.search', 'patient',
       gen_random_uuid()::text, array[gen_random_uuid(), gen_random_uuid()], 'success', '10.12.0.7', gen_random_uuid()::text, '{"filters": ["q", "sex"], "rows": 2}'
     from generate_series(1, $1) n, lateral (select 'sis_bench_t_' || lpad((n % $2)::text, 16, '0') as c) x`,
    [entries, chains],
  )

async function measured(name: string, work: () => Promise<unknown>): Promise<void> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const [began, cpu] = [performance.now(), process.cpuUsage()]
  const result = await work()
  const { user, system } = process.cpuUsage(cpu)
  delay.disable()
  const row = {
    ms: Math.round(performance.now() - began),
    cpu: Math.round((user + system) / 1000),
    'longest pause': Math.round(delay.max / 1e6),
    MB: Math.round(process.memoryUsage.rss() / 2 ** 20),
  }
  process.stdout.write(`${name}: ${JSON.stringify(row)} ${JSON.stringify(result)}\n`)
}

const seal = () => owner.sealAudit(key, { entries: 1_000_000 })
const verify = async () => {
  const { entries, seals, found } = await owner.verifyAudit({ publicKeys: [key.publicKey] })
  return { entries, seals, found }
}
await write(2_000, 10)
await seal()
await write(20_000, 1)
await measured('20,000 entries of one chain', seal)
await write(5_000, 5_000)
await measured('5,000 entries of 5,000 chains', seal)
await write(20_000, 5_000)
await measured('20,000 entries of 5,000 chains', seal)
await measured('nothing new, 5,000 chains', seal)
await measured('the newest heads of 5,000 chains', async () => (await owner.auditHeads()).heads.length)
await write(200, 100)
await measured('200 entries of 100 chains', seal)
for (let n = 0; n < 10; n++) await write(20_000, 500)
for (let n = 0; n < 10; n++) await owner.sealAudit(key)
await measured('examination', verify)
await owner.close()
await database.stop()
