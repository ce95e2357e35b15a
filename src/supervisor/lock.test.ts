import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { atEnd, removeFolder } from '../../test/ending.ts'
import { Failure } from './failure.ts'
import { holderOf, takeLock } from './lock.ts'

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sis-lock-'))
  atEnd(t, () => removeFolder(path))
  return path
}

test('a folder has one holder at a time', (t) => {
  const dataDir = folder(t)
  const lock = takeLock(dataDir, 'serve')
  lock.tell('http://localhost:8000')
  assert.throws(() => takeLock(dataDir, 'commande'), (error) => error instanceof Failure && /http:\/\/localhost:8000/.test(error.message)) // prettier-ignore
  assert.equal(holderOf(dataDir)?.pid, process.pid)
  lock.release()
  assert.equal(holderOf(dataDir), undefined)
  takeLock(dataDir, 'serve').release()
  assert.deepEqual(readdirSync(dataDir), [])
})

test('what the dead, the reborn and the half-written left is taken over', async (t) => {
  const dataDir = folder(t)
  const dead = spawn('/bin/true')
  await once(dead, 'exit')
  for (const left of [
    JSON.stringify({ pid: dead.pid, birth: 'boot/1', what: 'serve' }),
    JSON.stringify({ pid: process.pid, birth: 'another boot/1', what: 'serve' }),
    '{"pid":',
    '',
  ]) {
    writeFileSync(join(dataDir, 'sis.lock'), left)
    takeLock(dataDir, 'serve').release()
  }
  assert.deepEqual(readdirSync(dataDir), [])
})

test('of many processes that find a dead holder at once, one takes the folder', async (t) => {
  const dataDir = folder(t)
  writeFileSync(join(dataDir, 'sis.lock'), JSON.stringify({ pid: 1, birth: 'another boot/1', what: 'serve' }))
  const program = `
    import { takeLock } from ${JSON.stringify(new URL(`lock${extname(import.meta.url)}`, import.meta.url).href)}
    process.send('here')
    process.once('message', () => {
      let taken = true
      try { takeLock(${JSON.stringify(dataDir)}, 'serve') } catch { taken = false }
      process.send(taken)
      setInterval(() => {}, 1000)
    })`
  const flags = [...process.execArgv, '--input-type=module', '-e', program]
  const starters = Array.from({ length: 4 }, () =>
    spawn(process.execPath, flags, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
  )
  atEnd(t, () => starters.forEach((starter) => starter.kill('SIGKILL')))
  await Promise.all(starters.map((starter) => once(starter, 'message')))
  const answers = Promise.all(starters.map(async (starter) => (await once(starter, 'message'))[0] as boolean))
  for (const starter of starters) starter.send('go')
  assert.equal((await answers).filter(Boolean).length, 1)
})
