import type { Random } from '../../src/demo/random.ts'
import type { Client } from '../harness.ts'

type Fields = Record<string, unknown>

// Each as it stays: no space at an end or twice, nothing unseen; those are tidied on purpose.
const words = [
  'Coulibaly',
  'Ne\u0301nɛ\u0300',
  'İıßﬁⅧ',
  "N'Diaye-Traoré",
  '👩🏽‍⚕️ 🇲🇱',
  '﷽',
  'شفاء',
  '\\ \\\\ \\u0041',
  '%_ * & | !',
  '"quoted" \'so\'',
  '<b>gras</b>',
  '=SUM(1)',
  '$1 {0} ${x} %s',
  'null a',
  'NaN a',
  '007 a',
  '1e400 a',
  'x'.repeat(90),
] as const
const figures = [36.6, 37.123456789, 38.000001, 39.99, 40.1 + 0.2, 41] as const
const days = ['1950-01-01', '2000-02-29', '2024-02-29', '2025-12-31', '2026-01-01'] as const

const lines = (choose: Random, names: readonly string[]): Fields =>
  Object.fromEntries(names.filter(() => choose.chance(0.7)).map((name) => [name, `a${choose.pick(words)}`]))

export function somePatient(choose: Random): Fields {
  return {
    familyName: `a${choose.pick(words)}`,
    givenName: `b${choose.pick(words)}`,
    sex: choose.pick(['M', 'F']),
    birth: choose.pick([
      { precision: 'day', date: '1950-01-01' },
      { precision: 'month', date: '1948-02' },
      { precision: 'year', date: '1940' },
      { precision: 'estimate', estimate: { value: 90, unit: 'years', on: '2026-07-01' } },
    ]),
    ...lines(choose, ['phoneOwner', 'village', 'motherName']),
    phone: choose.pick([null, '+22376123456', '+22320212223']),
    allergies: [...new Set([choose.pick(words), choose.pick(words)].map((word) => `a${word}`))],
    sensitive: choose.chance(0.5),
    confirmDuplicate: true,
  }
}

export function someConsultation(choose: Random, patientId: string): Fields {
  const text = (): string => `a${choose.pick(words)}\n\n\tb${choose.pick(words)}`
  return {
    patientId,
    date: choose.pick(days),
    ...lines(choose, ['practitionerName', 'reason']),
    diagnosis: text(),
    examinations: text(),
    treatment: choose.pick([null, text()]),
    notes: text(),
    caseType: choose.pick(['new', 'followUp']),
    vitals: {
      temperature: choose.pick(figures),
      pulse: choose.int(40, 180),
      weight: choose.pick([3.123456, 14.2, 70.005]),
      height: choose.pick([95.5, 170]),
      muac: null,
    },
    outcome: choose.pick([null, 'home', 'referred']),
  }
}

/**
 * Stores a record and reads it.
 * @returns what came back changed, a line each; undefined when it was refused, which changes nothing silently
 */
export async function changedOnTheWay(client: Client, path: string, sent: Fields): Promise<string[] | undefined> {
  const answer = await client.post(path, sent)
  if (answer.status === 400) return undefined
  const { body: read } = await client.get(`${path}/${(answer.body as { id: string }).id}`, 200)
  return [...differences(sent, answer.body as Fields, 'answered'), ...differences(sent, read as Fields, 'read')]
}

/** Where a stored record says something else than what was sent; NFC is the one change that is meant. */
export function differences(sent: Fields, got: Fields, where: string): string[] {
  return Object.entries(sent).flatMap(([name, value]) => {
    if (name === 'confirmDuplicate') return []
    const [expected, found] = [value, got[name]].map((one) => JSON.stringify(one)?.normalize('NFC'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return differences(value as Fields, (got[name] ?? {}) as Fields, `${where} ${name}`)
    return expected === found ? [] : [`${where} ${name}: sent ${expected}, found ${found}`]
  })
}
