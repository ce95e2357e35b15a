import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { atEnd, removeFolder, type Test } from './ending.ts'

test('a test’s end undoes the last first, and all of it when a part fails', async () => {
  const hooks: Parameters<Test['after']>[0][] = []
  const t: Test = { after: (hook) => void hooks.push(hook) }
  const done: string[] = []
  const failing = new Error('in the way')
  atEnd(t, () => void done.push('folder'))
  atEnd(t, () => Promise.reject(failing))
  atEnd(t, async () => {
    await new Promise((resolve) => setTimeout(resolve, 10))
    done.push('program')
  })
  assert.equal(hooks.length, 1)
  await assert.rejects(async () => hooks[0]?.(), failing)
  assert.deepEqual(done, ['program', 'folder'])
})

// As a PostgreSQL that was killed: its last processes still write while its folder is taken away. To take away 5,000 files lasts long
// enough for more of them.
const writer = `
  const { writeFileSync } = require('node:fs')
  const { join } = require('node:path')
  const write = (count) => { try { writeFileSync(join(process.argv[1], 'file-' + count), '') } catch {} }
  let count = 0
  while (count < 5_000) write(count++)
  process.stdout.write('writes')
  for (const end = Date.now() + 1_500; Date.now() < end; ) write(count++)
`

test('a folder goes although somebody writes in it for a while', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sis-ending-'))
  const child = spawn(process.execPath, ['-e', writer, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  await once(child.stdout, 'data')
  await removeFolder(folder)
  await ended
  assert.equal(existsSync(folder), false)
})
