import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { atEnd, removeFolder } from './ending.ts'
import { newDataDir, root, sis } from './sis-process.ts'

/** The blocks of the README's tour that go into the second terminal, as one script. */
function tourOf(readme: string, heading: string): string {
  const section = readFileSync(join(root, readme), 'utf8')
    .split(/^## /m)
    .find((part) => part.startsWith(heading))
  assert.ok(section, `${readme} has no section "${heading}"`)
  return [...section.matchAll(/^```bash\n([\s\S]*?)^```$/gm)].map(([, block]) => block).join('\n')
}

test('the tour of the README works as pasted, in both languages', async (t) => {
  const english = tourOf('README.md', 'A tour with curl')
  const french = tourOf('README.fr.md', 'Visite guidée avec curl')
  const code = (script: string) => script.split('\n').filter((line) => !line.startsWith('#'))
  assert.deepEqual(code(french), code(english), 'the two tours are the same commands')

  const server = sis(t, ['serve'], {
    SIS_DATA_DIR: newDataDir(t),
    SIS_DEMO_PASSWORD: 'mil-baobab-pirogue-42',
    SIS_WORKERS: '1',
  })
  await server.ready()
  const folder = mkdtempSync(join(tmpdir(), 'sis-tour-'))
  atEnd(t, () => removeFolder(folder))
  const { code: status, output } = await bash(english.replace('http://localhost:8000', server.url), folder)
  assert.equal(status, 0, output)
  const expected = [
    /^\d{4}-\d{6} \S+ Kontao \d+ years$/m,
    /^2026-\d{6}$|^\d{4}-\d{6}$/m,
    /score: (0\.[89]|1)/,
    /^Fièvre élevée/m,
    /^2\n2 update Hama Kontao\n1 create Hama Kontao$/m,
    /^occupied Coulibaly\nhome$/m,
    /^patient_not_found\nright_missing$/m,
    /^csref_djenne 61 \d{3}$/m,
    /^3 Date Date qui n['’]existe pas/m,
    /;Paludisme simple;B54;/,
  ]
  for (const pattern of expected) assert.match(output, pattern)
  server.signal('SIGINT')
  assert.equal(await server.exit, 0)
})

/** Runs a script line by line as a terminal does: what fails stops it. */
function bash(script: string, cwd: string): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn('bash', ['-eo', 'pipefail'], { cwd, stdio: ['pipe', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk))
    child.stderr.on('data', (chunk: Buffer) => (output += chunk))
    child.once('close', (code) => resolve({ code, output }))
    child.stdin.end(script)
  })
}
