import assert from 'node:assert/strict'
import test from 'node:test'
import { labelled, Meters, type Family } from '../../shared/meters.ts'
import { scraped, type Scraped } from '../../../test/exposition.ts'
import { exposition, formatFor } from './exposition.ts'
import { Gathering, type Member } from './gathering.ts'
import { merged } from './merge.ts'

/** A process of the gathering: answers at once unless it is silent. */
function process(gathering: Gathering, place: number, isSilent = () => false) {
  const meters = new Meters()
  const requests = meters.counters('requests_total', 'x').of('')
  const durations = meters.histograms('durations_seconds', 'x').of('')
  meters.gauge('open', 'x', () => 7)
  const member: Member = {
    place,
    ask: (round) => {
      if (!isSilent()) queueMicrotask(() => gathering.hear(member, round, copyOf(meters.read())))
    },
  }
  gathering.join(member)
  return { member, requests, durations }
}

// As over the channel between two processes.
const copyOf = (families: Family[]): Family[] => JSON.parse(JSON.stringify(families)) as Family[]

const read = async (gathering: Gathering): Promise<Scraped> =>
  scraped(exposition(merged(await gathering.gather()), 'text'))

test('totals add up and never fall: those of a process that ends are kept, also over its successor', async () => {
  const gathering = new Gathering()
  const [one, other] = [process(gathering, 1), process(gathering, 2)]
  one.requests.add(3)
  other.requests.add(4)
  for (const ms of [0.5, 1, 30, 20_000]) one.durations.observe(ms / 1_000)
  other.durations.observe(0.02)
  const first = await read(gathering)
  assert.deepEqual([first.sum('requests_total'), first.sum('durations_seconds_count'), first.sum('open')], [7, 5, 14])
  // A bound is part of its bucket (le).
  const upTo = (le: string): number => first.sum('durations_seconds_bucket', { le })
  assert.deepEqual([upTo('0.001'), upTo('0.01'), upTo('0.025'), upTo('0.05'), upTo('10.0'), upTo('+Inf')], [2, 2, 3, 4, 4, 5]) // prettier-ignore

  gathering.leave(one.member)
  const alone = await read(gathering)
  assert.deepEqual([alone.sum('requests_total'), alone.sum('durations_seconds_count'), alone.sum('open')], [7, 5, 7])
  process(gathering, 1).requests.add(1)
  const after = await read(gathering)
  assert.deepEqual([after.sum('requests_total'), after.sum('open', { process: '1' })], [8, 7])
  assert.deepEqual(gathering.processes, { running: 2, silent: 0, started: 3 })
})

test('one that is silent keeps its totals; one that comes meanwhile is not waited for; scrapers share a round', async () => {
  const gathering = new Gathering()
  let silent = false
  const [one, other] = [process(gathering, 1, () => silent), process(gathering, 2)]
  one.requests.add(5)
  await read(gathering)
  silent = true
  one.requests.add(1)
  other.requests.add(1)
  const [left, same] = await Promise.all([gathering.gather(), gathering.gather()])
  assert.equal(left, same)
  const told = scraped(exposition(merged(left), 'text'))
  assert.deepEqual([told.sum('requests_total'), told.sum('open')], [6, 7])
  assert.equal(gathering.processes.silent, 1)
  const reading = gathering.gather()
  process(gathering, 3)
  gathering.leave(one.member)
  // Without the second of patience: who is left has answered.
  assert.notEqual(await Promise.race([reading, new Promise((resolve) => setImmediate(() => setImmediate(resolve, 'waits')))]), 'waits') // prettier-ignore
})

test('labels are escaped, names are the format’s, and the strict reader finds what breaks a rule (control)', () => {
  const meters = new Meters()
  const odd = 'a"b\\c\nd,e="f"}'
  meters.counters('odd_total', 'A help\nof two lines, \\ and all.').of(labelled({ label: odd, other: 'x' })).add(2) // prettier-ignore
  meters.gauge('unknown', 'Without a sample it is not there.', () => undefined)
  const text = exposition(meters.read(), 'text')
  const { samples, types } = scraped(text)
  assert.deepEqual(samples, [{ name: 'odd_total', labels: { label: odd, other: 'x' }, value: 2 }])
  assert.deepEqual([...types.keys()], ['odd_total'])
  const histogram = exposition(
    [
      {
        name: 'd_seconds',
        help: 'x',
        type: 'histogram',
        bounds: [1, 2],
        samples: [['', { counts: [1, 1, 1], sum: 4 }]],
      },
    ],
    'text',
  )
  scraped(histogram)
  for (const [broken, why] of [
    [text + text, 'twice'],
    [text.replace('\\"', '"'), 'not escaped'],
    [text.replace('# HELP', '# HLEP'), 'no help'],
    [text.replace(' 2\n', ' two\n'), 'no number'],
    [text.replace('odd_total{', 'other_total{'), 'of another family'],
    [histogram.replace('le="2.0"} 2', 'le="2.0"} 0'), 'buckets that fall'],
    [histogram.replace('d_seconds_count 3', 'd_seconds_count 4'), 'another count'],
    [histogram.replace(/.*\+Inf.*\n/, ''), 'no last bucket'],
  ] as const)
    assert.throws(() => scraped(broken), why)
})

test('OpenMetrics where it is asked for, and not less welcome than text', () => {
  const prometheus = 'application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.2'
  const asked = [prometheus, 'application/openmetrics-text', undefined, '*/*', 'text/plain', 'application/openmetrics-text;q=0.1, text/plain', 'application/openmetrics-text;q=0'] // prettier-ignore
  assert.deepEqual(asked.map((accept) => formatFor(accept)), ['openmetrics', 'openmetrics', 'text', 'text', 'text', 'text', 'text']) // prettier-ignore
})
