import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  blank,
  counted,
  failuresOf,
  forgetAt,
  givenBack,
  kindsOf,
  rules,
  type Kind,
  type Row,
} from './attempt-rules.ts'

const hour = 3_600_000

/** Wrong passwords for one account as often as they are let in, each from a network that is asked again only every `rest`. */
function guess(networks: number, ms: number): number {
  const rows = new Map<string, Row>()
  const places = Array.from({ length: networks }, () => blank(0))
  let compared = 0
  for (let at = 0, next = 0; at < ms; at += 500, next = (next + 1) % networks) {
    const place = places[next] ?? blank(at)
    const kinds = kindsOf(place, at)
    const row = (kind: Kind): Row =>
      kind === 'place' ? place : (rows.get(kind === 'network' ? `network ${next}` : kind) ?? blank(at))
    if (kinds.some((kind) => row(kind).openAt > at)) continue
    compared += 1
    for (const kind of kinds) {
      const after = counted(kind, row(kind), at)
      if (kind === 'place') places[next] = after
      else rows.set(kind === 'network' ? `network ${next}` : kind, after)
    }
  }
  return compared
}

test('whatever the number of networks, at most a hundred passwords are compared in an hour, then two an hour', (t) => {
  for (const networks of [1, 3, 50, 1_000]) {
    const inAnHour = guess(networks, hour)
    t.diagnostic(`${networks} networks: ${inAnHour} in an hour`)
    assert.ok(inAnHour >= 5 && inAnHour <= 100, `${networks} networks: ${inAnHour}`)
    const inADay = guess(networks, 24 * hour)
    assert.ok(inADay <= 100 + 2 * 24, `${networks} networks: ${inADay} in a day`)
  }
})

test('each wait is twice the one before, none lasts longer than its longest, and in time all is forgotten', () => {
  for (const kind of Object.keys(rules) as Kind[]) {
    const { free, firstMs, longestMs } = rules[kind]
    let row = blank(0)
    const waits: number[] = []
    for (let i = 0; i < free + 40; i++) {
      const at = row.openAt
      row = counted(kind, row, at)
      waits.push(row.openAt - at)
    }
    assert.ok(waits.slice(0, free - 1).every((wait) => wait === 0))
    assert.equal(waits[free - 1], firstMs)
    assert.equal(waits[free], 2 * firstMs)
    // All of a network's forget faster than they wait.
    const longest = kind === 'network' ? rules.network.forgetMs : longestMs
    assert.equal(Math.max(...waits), longest)
    assert.ok(failuresOf(kind, row, forgetAt(kind, row)) < 1e-9)
    assert.ok(forgetAt(kind, row) - row.countedAt <= 60 * hour)
  }
})

test('a try that was right leaves a shared row as it was', () => {
  let row = blank(0)
  for (let i = 0; i < 30; i++) row = counted('worn', row, row.openAt)
  const at = row.openAt
  const after = givenBack('worn', counted('worn', row, at), at)
  assert.equal(failuresOf('worn', after, at), failuresOf('worn', row, at))
  assert.equal(after.openAt, at)
})

test('a network of the account’s own is counted apart, until it is no longer known', () => {
  const known: Row = { ...blank(0), knownUntil: 1_000 }
  assert.deepEqual(kindsOf(known, 999), ['place'])
  assert.deepEqual(kindsOf(known, 1_000), ['place', 'network', 'fresh'])
  assert.deepEqual(kindsOf(counted('place', blank(0), 0), 0), ['place', 'network', 'worn'])
})
