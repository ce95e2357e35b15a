import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeChange, judgeNew, type Context, type NewStay, type Place } from './fields.ts'
import { placeErrors, type Known } from './places.ts'

const context: Context = { now: '2026-03-10T12:00:00.000Z', bornFrom: '2026-03-01', known: new Map() }
const given = (more: Partial<NewStay> = {}): NewStay => ({
  patientId: 'p',
  serviceId: 's',
  admittedAt: '2026-03-05T08:00:00Z',
  ...more,
})
const judged = (more: Partial<NewStay>, of: Context = context): string[] =>
  judgeNew(given(more), of, 'x').errors.map(({ path }) => path)

test('the instants of a stay: birth, clock, consultation, order, exactly at their bounds', () => {
  const cases: [Partial<NewStay>, string[], Partial<Context>?][] = [
    [{}, []],
    [{ admittedAt: '2026-02-28T23:59:59.999Z' }, ['admittedAt']],
    [{ admittedAt: '2026-03-01T00:00:00.000Z' }, []],
    [{ admittedAt: '2026-03-10T12:05:00.000Z' }, []],
    [{ admittedAt: '2026-03-10T12:05:00.001Z' }, ['admittedAt']],
    [{ admittedAt: '1899-12-31T23:59:59.999Z' }, ['admittedAt'], { bornFrom: undefined }],
    [{ admittedAt: '1900-01-01T00:00:00.000Z' }, [], { bornFrom: undefined }],
    [{}, ['admittedAt'], { consultedOn: '2026-03-06' }],
    [{}, [], { consultedOn: '2026-03-05' }],
    [{ dischargedAt: '2026-03-05T08:00:00.000Z', dischargeMode: 'home' }, []],
    [{ dischargedAt: '2026-03-05T07:59:59.999Z', dischargeMode: 'home' }, ['dischargedAt']],
    [{ dischargedAt: '2026-03-10T12:05:00.001Z', dischargeMode: 'home' }, ['dischargedAt']],
    [{ dischargedAt: '2026-03-06T08:00:00.000Z' }, ['dischargeMode']],
    [{ dischargedAt: '2026-03-07T07:59:59.999Z', dischargeMode: 'deathBefore48h' }, []],
    [{ dischargedAt: '2026-03-07T08:00:00.000Z', dischargeMode: 'deathBefore48h' }, ['dischargeMode']],
    [{ dischargedAt: '2026-03-07T07:59:59.999Z', dischargeMode: 'deathAfter48h' }, ['dischargeMode']],
    [{ dischargedAt: '2026-03-07T08:00:00.000Z', dischargeMode: 'deathAfter48h' }, []],
    [{ dischargeMode: 'home', finalDiagnosis: 'Guéri' }, ['finalDiagnosis', 'dischargeMode']],
  ]
  for (const [more, expected, of] of cases)
    assert.deepEqual(judged(more, { ...context, ...of }), expected, JSON.stringify([more, of]))
})

test('texts are tidied, instants have one writing, the place spans the stay', () => {
  const { fields } = judgeNew(
    given({
      attendingName: '  Dr   Diarra ',
      notes: ' a\r\nb ',
      reason: ' ',
      dischargedAt: '2026-03-06T08:00:00Z',
      dischargeMode: 'home',
    }),
    context,
    'x',
  )
  assert.deepEqual([fields.attendingName, fields.notes, fields.reason], ['Dr Diarra', 'a\nb', null])
  const [from, to] = ['2026-03-05T08:00:00.000Z', '2026-03-06T08:00:00.000Z']
  assert.deepEqual(fields.places, [{ id: 'x', serviceId: 's', bedId: null, from, to, reason: null }])
})

test('a change judges what changed: a birth corrected since holds up no note', () => {
  const before = judgeNew(given(), context, 'x').fields
  const late = { ...context, bornFrom: '2026-03-09' }
  assert.deepEqual(judgeChange(before, { notes: 'Corrigé' }, late).errors, [])
  const moved = judgeChange(before, { admittedAt: '2026-03-08T00:00:00.000Z' }, late)
  assert.deepEqual(
    moved.errors.map(({ path }) => path),
    ['admittedAt'],
  )
  const observed: Context = { ...context, observed: ['2026-03-06T00:00:00.000Z', '2026-03-07T00:00:00.000Z'] }
  const left = { dischargedAt: '2026-03-06T12:00:00.000Z', dischargeMode: 'home' as const }
  assert.deepEqual(
    judgeChange(before, left, observed).errors.map(({ path }) => path),
    ['dischargedAt'],
  )
})

test('a bed takes a patient while it is open, in its service, and in order', () => {
  const opening = (openedOn: string, closedOn: string | null, serviceId = 's') => ({ serviceId, openedOn, closedOn })
  const bed = (...openings: ReturnType<typeof opening>[]) => ({ serviceId: 's', state: 'free', openings })
  const known: Known = {
    services: new Map([
      ['s', true],
      ['closed', false],
      ['t', true],
    ]),
    beds: new Map(
      Object.entries({
        open: bed(opening('2026-01-01', null)),
        closed: bed(opening('2026-01-01', '2026-03-06')),
        reopened: bed(opening('2026-01-01', '2026-02-01'), opening('2026-03-01', null)),
        // Written in any order; they touch.
        touching: bed(opening('2026-03-06', null), opening('2026-01-01', '2026-03-06')),
        moved: { ...bed(opening('2026-03-06', null), opening('2026-01-01', '2026-03-06', 't')) },
        broken: { ...bed(opening('2026-01-01', null)), state: 'outOfOrder' },
      }),
    ),
  }
  const says = (bedId: string | null, from: string, to: string | null, serviceId = 's', before?: Place) => {
    const place: Place = {
      id: 'x',
      serviceId,
      bedId,
      from: `${from}T10:00:00.000Z`,
      to: to && `${to}T10:00:00.000Z`,
      reason: null,
    }
    const { wrong, unavailable } = placeErrors(place, known, before)
    return [...wrong.map(({ path }) => `wrong ${path}`), ...unavailable.map(({ path }) => `unavailable ${path}`)].join()
  }
  assert.equal(says(null, '2026-03-05', null), '')
  assert.equal(says(null, '2026-03-05', null, 'nowhere'), 'wrong serviceId')
  assert.equal(says(null, '2026-03-05', null, 'closed'), 'wrong serviceId')
  assert.equal(says('nobody', '2026-03-05', null), 'wrong bedId')
  assert.equal(says('open', '2026-03-05', null), '')
  assert.equal(says('open', '2025-12-31', null), 'unavailable bedId')
  assert.equal(says('open', '2026-03-05', null, 't'), 'wrong bedId')
  assert.equal(says('closed', '2026-03-05', null), 'unavailable bedId')
  // Until the day of its closing a bed was used.
  assert.equal(says('closed', '2026-03-05', '2026-03-06'), '')
  assert.equal(says('closed', '2026-03-05', '2026-03-07'), 'unavailable bedId')
  assert.equal(says('closed', '2026-03-07', '2026-03-08'), 'unavailable bedId')
  assert.equal(says('reopened', '2026-01-15', '2026-02-01'), '')
  assert.equal(says('reopened', '2026-01-15', '2026-03-02'), 'unavailable bedId')
  assert.equal(says('reopened', '2026-02-15', null), 'unavailable bedId')
  assert.equal(says('reopened', '2026-03-01', null), '')
  assert.equal(says('touching', '2026-02-15', null), '')
  // Where a bed stood then.
  assert.equal(says('moved', '2026-02-15', '2026-02-20', 't'), '')
  assert.equal(says('moved', '2026-02-15', '2026-02-20', 's'), 'unavailable bedId')
  assert.equal(says('moved', '2026-02-15', null, 't'), 'wrong bedId')
  assert.equal(says('broken', '2026-03-05', null), 'unavailable bedId')
  assert.equal(says('broken', '2026-03-05', '2026-03-06'), '')
})
