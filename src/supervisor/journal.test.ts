import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { extname } from 'node:path'
import test, { type TestContext } from 'node:test'

// A process with a journal on its standard output, that ends with a fatal line when it is told to.
function start(t: TestContext) {
  const program = `
    import { createLog } from ${JSON.stringify(new URL(`log${extname(import.meta.url)}`, import.meta.url).href)}
    const log = createLog('info')
    process.once('message', (lines) => {
      for (let i = 0; i < lines; i++) log.info({ i }, 'été')
      // What a thread is writing is not waited for.
      setTimeout(() => {
        log.fatal('crash')
        log.info('last')
        process.exit(3)
      }, lines)
    })
    process.send('here')`
  const child = spawn(process.execPath, [...process.execArgv, '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    // What does not end by itself has failed.
    timeout: 180_000,
    killSignal: 'SIGKILL',
  })
  t.after(() => child.kill('SIGKILL'))
  return child
}

test('everything is written before a process ends, in order', async (t) => {
  const child = start(t)
  let output = ''
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (output += text))
  await once(child, 'message')
  child.send(500)
  assert.deepEqual(await once(child, 'close'), [3, null])
  const lines = output.trim().split('\n').map((line) => JSON.parse(line) as { i?: number; msg: string }) // prettier-ignore
  assert.deepEqual(
    lines.slice(0, 500).map(({ i, msg }) => `${i} ${msg}`),
    Array.from({ length: 500 }, (_, i) => `${i} été`),
  )
  assert.deepEqual(
    lines.slice(500).map(({ msg }) => msg),
    ['crash', 'last'],
  )
})

test('a process whose journal nobody reads any more ends all the same', async (t) => {
  const child = start(t)
  await once(child, 'message')
  child.stdout!.destroy()
  child.send(0)
  assert.deepEqual(await once(child, 'exit'), [3, null])
})
