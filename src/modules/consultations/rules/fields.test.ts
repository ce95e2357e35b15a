import assert from 'node:assert/strict'
import test from 'node:test'
import { judgeChange, judgeNew } from './fields.ts'

const context = { today: '2026-11-22', bornFrom: '1990-01-01', known: new Map() }

test('what nobody sees is not kept in a line; a text keeps its lines', () => {
  const { fields, errors } = judgeNew(
    {
      patientId: '0198c0de-7a1b-7c2d-8e3f-0123456789ab',
      date: '2026-07-01',
      practitionerName: ' \u202eDr\u200b   Diarra',
      reason: '\u200b',
      notes: 'un\r\ndeux ',
    },
    context,
  )
  assert.deepEqual(errors, [])
  assert.deepEqual([fields.practitionerName, fields.reason, fields.notes], ['Dr Diarra', null, 'un\ndeux'])
})

test('a visit that a corrected birth now follows can still be corrected; its day cannot move before the birth', () => {
  const visit = { patientId: '0198c0de-7a1b-7c2d-8e3f-0123456789ab', date: '2000-01-01' }
  const { fields } = judgeNew(visit, context)
  const since = { ...context, bornFrom: '2005-01-01' }
  assert.deepEqual(judgeChange(fields, { notes: 'relu', date: '2000-01-01' }, since).errors, [])
  assert.equal(judgeChange(fields, { date: '2000-01-02' }, since).errors[0]?.path, 'date')
})
