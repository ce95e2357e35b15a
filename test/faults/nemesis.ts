import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../../src/demo/random.ts'
import type { External, Rig } from './rig.ts'

/** One way in which a machine, a network or an administrator interrupts the work. */
export type Nemesis = { name: string; strike(rig: Rig, random: Random): Promise<void> }

const backends = `select pid from pg_stat_activity where application_name = 'sis-http'`

const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It was faster: another fault has already ended it.
  }
}

async function restart(database: External, how: Parameters<External['stop']>[0]): Promise<void> {
  await database.stop(how)
  await database.start()
}

export const killPostmaster: Nemesis = {
  name: 'kill -9 of the postmaster',
  async strike(rig) {
    if (rig.external) await restart(rig.external, 'SIGKILL')
    else kill(rig.postmaster())
  },
}

/** Faults at a time when the network is there. */
export const nemeses: Nemesis[] = [
  {
    name: 'kill -9 of a backend',
    async strike(rig, random) {
      const found = await rig.asSuperuser<{ pid: number }>(backends)
      if (found.length > 0) kill(random.pick(found).pid)
    },
  },
  killPostmaster,
  {
    name: 'immediate restart of the database',
    async strike(rig) {
      if (rig.external) await restart(rig.external, 'immediate')
      else process.kill(rig.postmaster(), 'SIGQUIT')
    },
  },
  {
    name: 'pg_terminate_backend on all',
    async strike(rig) {
      await rig.asSuperuser(`select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'sis%'`)
    },
  },
  {
    name: 'kill -9 of an HTTP process',
    async strike(rig, random) {
      kill(random.pick(rig.httpProcesses()))
    },
  },
  {
    name: 'kill -9 of the supervisor',
    async strike(rig) {
      rig.program.signal('SIGKILL')
      await rig.program.exit
      await rig.start()
    },
  },
  {
    name: 'SIGTERM under load',
    async strike(rig) {
      const { program } = rig
      program.signal('SIGTERM')
      assert.equal(await program.exit, 0, program.output())
      await rig.start()
    },
  },
]

/** Stored, and the process that knows it dies before it can tell anybody. */
export const killAfterCommit: Nemesis = {
  name: 'kill -9 of the HTTP processes after COMMIT',
  async strike(rig) {
    const { held, release } = proxyOf(rig).holdNext(2)
    await bounded(rig, held)
    for (const pid of rig.httpProcesses()) kill(pid)
    await sleep(50)
    release()
  },
}

/** Faults of the network between us and PostgreSQL. */
export const cuts: Nemesis[] = [
  {
    name: 'cut before COMMIT',
    strike: (rig, random) => bounded(rig, proxyOf(rig).cutNext('beforeCommit', random.int(1, 4))),
  },
  {
    name: 'cut after COMMIT',
    strike: (rig, random) => bounded(rig, proxyOf(rig).cutNext('afterCommit', random.int(1, 4))),
  },
  killAfterCommit,
]

const proxyOf = (rig: Rig) => {
  assert.ok(rig.external, 'only behind the proxy')
  return rig.external.proxy
}

// Near the end of a run nobody may write any more.
async function bounded(rig: Rig, work: Promise<void>): Promise<void> {
  await Promise.race([work, sleep(3_000, undefined, { ref: false })])
  proxyOf(rig).forget()
}
