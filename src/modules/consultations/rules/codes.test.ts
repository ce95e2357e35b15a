import assert from 'node:assert/strict'
import test from 'node:test'
import { labelCodes, type CodeInput } from './codes.ts'

const known = new Map(
  [
    { code: 'B50.8', label: 'Autres formes graves et compliquées de paludisme à Plasmodium falciparum' },
    { code: 'B54', label: 'Paludisme, sans précision' },
    { code: 'D64.9', label: 'Anémie, sans précision' },
  ].map((entry) => [entry.code, entry]),
)
const rolesOf = (inputs: CodeInput[]) => labelCodes(inputs, known).codes.map(({ code, role }) => [code, role])
const pathsOf = (inputs: CodeInput[]) => labelCodes(inputs, known).errors.map(({ path }) => path)

test('a single code is the main one; the label and category are the nomenclature’s', () => {
  assert.deepEqual(labelCodes([{ code: 'b508' }], known).codes, [
    { system: 'icd10', code: 'B50.8', category: 'B50', label: known.get('B50.8')?.label, role: 'main' },
  ])
})

test('among several codes one is main, and it comes first', () => {
  assert.deepEqual(rolesOf([{ code: 'D64.9' }, { code: 'B50.8', role: 'main' }]), [
    ['B50.8', 'main'],
    ['D64.9', 'secondary'],
  ])
  assert.deepEqual(pathsOf([{ code: 'D64.9' }, { code: 'B50.8' }]), ['codes'])
  assert.deepEqual(
    pathsOf([
      { code: 'D64.9', role: 'main' },
      { code: 'B50.8', role: 'main' },
    ]),
    ['codes'],
  )
  assert.deepEqual(pathsOf([{ code: 'B54', role: 'secondary' }]), ['codes'])
})

test('an unknown code and a repeated one are named by their place', () => {
  assert.deepEqual(pathsOf([{ code: 'B54', role: 'main' }, { code: 'ZZ99' }]), ['codes[1].code'])
  assert.deepEqual(pathsOf([{ code: 'B50.8', role: 'main' }, { code: 'B508' }]), ['codes[1].code'])
})

test('no code is fine, more than twenty are not', () => {
  assert.deepEqual(labelCodes([], known), { codes: [], errors: [] })
  assert.ok(pathsOf(Array.from({ length: 21 }, () => ({ code: 'B54' }))).includes('codes'))
})
