import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import test from 'node:test'
import { Failure } from './failure.ts'
import { privateFolder } from './secrets.ts'

test('a data folder is made with its parents, for its owner alone', (t) => {
  const parent = mkdtempSync(join(tmpdir(), 'sis-folder-'))
  t.after(() => rmSync(parent, { recursive: true, force: true }))
  const folder = join(parent, 'a', 'b', 'data')
  privateFolder(folder)
  privateFolder(folder)
  assert.equal(statSync(folder).mode & 0o777, 0o700)
  writeFileSync(join(parent, 'file'), '')
  for (const path of [join(parent, 'file'), join(parent, 'file', 'data'), join(parent, 'x'.repeat(300))])
    assert.throws(
      () => privateFolder(path),
      (error) => error instanceof Failure && error.lines.length === 1,
      path,
    )
})

test('a folder that cannot be is refused in one sentence, at once', { skip: process.platform !== 'linux' }, () => {
  for (const path of ['/proc/nothing', '/proc/nothing/below', '/proc/nothing/far/below']) {
    // In a process of its own: Node's recursive mkdir never comes back from there, and no timer would fire.
    const program = `
      import { privateFolder } from ${JSON.stringify(new URL(`secrets${extname(import.meta.url)}`, import.meta.url).href)}
      try { privateFolder(${JSON.stringify(path)}) } catch (error) { console.log(error.lines?.join('|')) }`
    const { stdout, signal } = spawnSync(
      process.execPath,
      [...process.execArgv, '--input-type=module', '-e', program],
      {
        encoding: 'utf8',
        timeout: 180_000,
        killSignal: 'SIGKILL',
      },
    )
    assert.equal(signal, null, path)
    assert.match(stdout, /^Impossible d’écrire dans \/proc\/nothing.* : [^|]+\.$/m)
  }
})
