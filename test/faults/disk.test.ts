import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isFull, random, seed } from '../size.ts'
import type { Nemesis } from './nemesis.ts'
import { embeddedRig, type Rig } from './rig.ts'
import { clean, suffer, tell } from './story.ts'

// P18: no place for the tables (53100), then none for the log (PostgreSQL panics and cannot recover), then place again.

const folder = mkdtempSync(join(tmpdir(), 'sis-disk-'))
after(() => {
  spawnSync('umount', ['-l', folder])
  rmSync(folder, { recursive: true, force: true })
})
const skip = isFull ? mount() : 'only in npm run test:faults'

test(
  'a disk that fills up: nothing acknowledged is lost, and it serves again once there is room',
  { skip },
  async (t) => {
    t.diagnostic(`seed ${seed}`)
    const rig = await embeddedRig(t, join(folder, 'data'))
    t.after(() => {
      spawnSync('umount', ['-l', folder])
      rmSync(folder, { recursive: true, force: true })
    })
    const story = await suffer(rig, random('disk'), { name: 'disk', count: 400, faults: [fillDisk(t)] })
    tell(t, story)
    assert.deepEqual(story.findings, clean)
    assert.ok(story.workload.answers.has('503 database_unavailable'))
    for (const answer of story.workload.answers.keys()) assert.doesNotMatch(answer, /^5(?!03)/)
    assert.match(rig.program.output(), /disque/)
  },
)

const fillDisk = (t: TestContext): Nemesis => ({
  name: 'disk full',
  async strike(rig) {
    const ballast = join(folder, 'ballast')
    fill(ballast)
    await sleep(2_000)
    fill(ballast)
    const died = await exhaustLog(rig)
    await sleep(3_000)
    rmSync(ballast)
    const since = performance.now()
    await rig.asSuperuser('select 1')
    t.diagnostic(
      `${died ? 'the server went down' : 'the server stayed up'}; back ${((performance.now() - since) / 1_000).toFixed(1)} s after there was room`,
    )
    assert.ok(died, 'the log still had room')
  },
})

/** Writes 1 MB at a time into the log, until there is no place for its next segment. @returns whether the server went down */
async function exhaustLog(rig: Rig): Promise<boolean> {
  const told = rig.program.output().length
  for (let tries = 0; tries < 200; tries++) {
    if (/s’est arrêtée/.test(rig.program.output().slice(told))) return true
    const message = rig.asSuperuser(`select pg_logical_emit_message(false, 'sis', repeat('x', 1000000))`)
    await Promise.race([message.catch(() => {}), sleep(1_000)])
  }
  return false
}

function fill(path: string): void {
  const block = Buffer.alloc(64 * 1024)
  for (;;) {
    const { bavail, bsize } = statfsSync(folder)
    if (bavail === 0) return
    try {
      appendFileSync(path, block.subarray(0, Math.min(block.length, bavail * bsize)))
    } catch {
      // Somebody else took the rest.
    }
  }
}

function mount(): string | false {
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=200m,mode=755', 'sis-test', folder], {
    encoding: 'utf8',
  })
  return status === 0 ? false : `no small tmpfs can be mounted here: ${stderr?.trim() || 'no mount'}`
}
