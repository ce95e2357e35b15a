import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { linesOf } from '../supervisor/failure.ts'
import { sayable, traceOf } from './traces.ts'

const word = 'Canarivoltanique'

function ofDatabase(code: string, message = `invalid input syntax for type date: "${word}"`): Error {
  const error = new pg.DatabaseError(message, 1, 'error')
  return Object.assign(error, {
    code,
    detail: word,
    where: word,
    constraint: 'patient_file_number',
    parameters: [word],
  })
}

test('a trace has class, code and calls of an error and its causes, and no word of theirs', () => {
  const error = new Error(word, { cause: ofDatabase('22007') })
  const { type, stack, cause } = traceOf(error)
  assert.deepEqual([type, cause?.type, cause?.code], ['Error', 'DatabaseError', '22007'])
  assert.match(stack?.[0] ?? '', /traces\.test/)
  assert.ok(!JSON.stringify(traceOf(error)).includes(word))
})

test('a message that looks like calls, one that was changed, a name or code that is none: nothing of them', () => {
  const changed = new Error(`x\n    at ${word} (/${word}.js:1:1)`)
  const calls = traceOf(changed).stack ?? []
  assert.ok(calls.length > 0 && !calls.join().includes(word))
  changed.message = 'another'
  assert.equal(traceOf(changed).stack, undefined)
  const named = Object.assign(new Error('x'), { name: word, code: `${word} ` })
  assert.ok(!JSON.stringify(traceOf(named)).includes(word))
  for (const thrown of [
    word,
    { message: word },
    null,
    undefined,
    7,
    Object.assign(new Error('x'), { stack: undefined }),
  ])
    assert.ok(!JSON.stringify(traceOf(thrown)).includes(word))
})

test('to an operator: the message of what concerns the server, only the code of what concerns a record', () => {
  assert.equal(sayable(ofDatabase('22007')), 'DatabaseError 22007 patient_file_number')
  assert.equal(sayable(ofDatabase('42P01', 'relation "x" does not exist')), 'relation "x" does not exist')
  assert.equal(sayable(new Error('no current signing key')), 'no current signing key')
  const lines = linesOf(new Error('it failed', { cause: ofDatabase('23505') }))
  assert.match(lines[0] ?? '', /it failed/)
  assert.ok(lines.some((line) => line.startsWith('cause : error: DatabaseError 23505')))
  assert.ok(!lines.join().includes(word))
})
