import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after, before } from 'node:test'
import { startDatabase, type TestDatabase } from '../../test/cluster.ts'
import { newDataDir, root, sis } from '../../test/sis-process.ts'

let database: TestDatabase
const folder = mkdtempSync(join(tmpdir(), 'sis-exchange-'))
const registerFile = join(folder, 'registre.csv')

before(async () => {
  database = await startDatabase()
  copyFileSync(join(root, 'test/registers/registre-consultations-csref-djenne.csv'), registerFile)
})
after(async () => {
  await database.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function run(t: Parameters<typeof sis>[0], ...args: string[]) {
  const process = sis(t, args, { DATABASE_URL: database.superuserUrl, SIS_DATA_DIR: newDataDir(t) })
  const code = await process.exit
  return { code, output: process.output(), stdout: process.stdout() }
}

const inDjenne = ['--establishment', 'csref_djenne']

test('sis import tries first, and a script that does not say --yes stores nothing', async (t) => {
  const trial = await run(t, 'import', registerFile, ...inDjenne, '--dry-run', '--json')
  assert.equal(trial.code, 3, trial.output)
  const report = JSON.parse(trial.stdout)
  assert.deepEqual([report.dryRun, report.stored.consultations, report.refused.length], [true, 421, 9])
  assert.equal(report.refusedFile, `${registerFile}.refused.csv`)
  assert.equal(readFileSync(report.refusedFile, 'utf8').trim().split('\r\n').length, 10)
  assert.equal(statSync(report.refusedFile).mode & 0o777, 0o600)
  const unasked = await run(t, 'import', registerFile, ...inDjenne)
  assert.equal(unasked.code, 1)
  assert.match(
    unasked.output,
    /421 consultations, 334 nouveaux patients[\s\S]*ligne 19, Date : Date qui n'existe pas[\s\S]*ajoutez --yes/,
  )
})

test('sis import --yes stores, never writes over the corrections, and exports give it back', async (t) => {
  const stored = await run(t, 'import', registerFile, ...inDjenne, '--yes')
  assert.equal(stored.code, 3)
  assert.match(stored.output, /Enregistrés :\n {2}421 consultations/)
  assert.ok(readdirSync(folder).filter((name) => name.includes('.refused')).length >= 2)
  const again = await run(t, 'import', registerFile, ...inDjenne, '--yes', '--json')
  assert.equal(JSON.parse(again.stdout).alreadyImported, true)
  const file = join(folder, 'consultations.csv')
  const exported = await run(
    t,
    'export',
    'consultations',
    ...inDjenne,
    '--output',
    file,
    '--from',
    '2026-07-01',
    '--to',
    '2026-07-02',
    '--json',
  )
  assert.deepEqual([exported.code, JSON.parse(exported.stdout)], [0, { file, records: 14 }])
  assert.equal(readFileSync(file, 'utf8').trim().split('\r\n').length, 15)
  const taken = await run(t, 'export', 'consultations', ...inDjenne, '--output', file)
  assert.equal(taken.code, 1)
  assert.match(taken.output, /existe déjà/)
  const workbook = await run(
    t,
    'export',
    'patients',
    ...inDjenne,
    '--output',
    join(folder, 'patients.xlsx'),
    '--q',
    'koulibali',
  )
  assert.equal(workbook.code, 0)
  assert.equal(readFileSync(join(folder, 'patients.xlsx')).subarray(0, 2).toString(), 'PK')
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith('.part')),
    [],
  )
})

test('a ward’s book is told in its own words, and its export filtered', async (t) => {
  const book = join(root, 'test/registers/registre-hospitalisation-csref-djenne.csv')
  const refused = join(folder, 'lits.csv')
  const trial = await run(t, 'import', book, ...inDjenne, '--dry-run', '--refused', refused)
  assert.equal(trial.code, 3, trial.output)
  assert.match(trial.output, /\n {2}\d+ séjours, \d+ nouveaux patients \(/)
  assert.match(trial.output, /nouveaux lits : 1, /)
  assert.doesNotMatch(trial.output, /undefined/)
  const file = join(folder, 'presents.csv')
  const exported = await run(t, 'export', 'stays', ...inDjenne, '--output', file, '--open', 'oui', '--json')
  assert.deepEqual([exported.code, JSON.parse(exported.stdout)], [0, { file, records: 0 }])
})

test('a list is told what came in and what was changed, and leaves again', async (t) => {
  const list = join(folder, 'lits-a-jour.csv')
  writeFileSync(list, 'Code du lit;Service;Ouvert le\nCLI-1;Urgences;01/03/2026\nCLI-2;Urgences;01/03/2026\n')
  const stored = await run(t, 'import', list, ...inDjenne, '--yes')
  assert.equal(stored.code, 0, stored.output)
  assert.match(stored.output, /\n {2}2 lits, dont 0 déjà là et modifiés \(2 lignes lues\)/)
  assert.match(stored.output, /nouveaux services : Urgences/)
  const file = join(folder, 'lits-sortis.csv')
  const exported = await run(t, 'export', 'beds', ...inDjenne, '--output', file, '--q', 'cli', '--active', 'oui')
  assert.equal(exported.code, 0, exported.output)
  assert.match(readFileSync(file, 'utf8'), /CLI-1;Urgences;Libre;Oui;01\/03\/2026;\r\nCLI-2;/)
})

test('what cannot be done is one sentence and an exit code', async (t) => {
  writeFileSync(join(folder, 'image.csv'), Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 1, 2]))
  const cases: [args: string[], code: number, why: RegExp][] = [
    [['import', join(folder, 'nulle-part.csv'), ...inDjenne], 1, /n’existe pas/],
    [['import', join(folder, 'image.csv'), ...inDjenne], 1, /pas du texte/],
    [['import', registerFile, '--establishment', 'ailleurs'], 1, /Aucun établissement « ailleurs »/],
    [['import', registerFile], 2, /option obligatoire/],
    [['import', registerFile, ...inDjenne, '--register', 'x'], 2, /valeurs possibles : consultations, .*beds, stays\./],
    [
      ['export', 'patients', ...inDjenne, '--output', join(folder, 'x.csv'), '--born-from', 'hier'],
      2,
      /valeur non valable/,
    ],
    [['export', 'patients', ...inDjenne, '--output', join(folder, 'absent', 'x.csv')], 1, /x\.csv/],
  ]
  for (const [args, code, why] of cases) {
    const ended = await run(t, ...args)
    assert.match(ended.output, why, args.join(' '))
    assert.equal(ended.code, code, ended.output)
  }
})
