import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import process from 'node:process'
import test from 'node:test'
import { extname } from 'node:path'
import { roomFor } from './open-files.ts'

test(
  'a process holds no more connections than the system lets it open',
  { skip: process.platform !== 'linux' && 'reads /proc' },
  () => {
    const module = new URL(`./open-files${extname(import.meta.url)}`, import.meta.url).href
    const program = `import(${JSON.stringify(module)}).then(({ roomFor }) => console.log(roomFor(4_000)))`
    const roomWith = (files: number): number =>
      Number(execFileSync('sh', ['-c', `ulimit -n ${files}; exec "$0" -e '${program}'`, process.execPath]).toString())
    assert.deepEqual([roomWith(1_000), roomWith(100)], [800, 16])
    assert.equal(roomFor(10), 10)
  },
)
