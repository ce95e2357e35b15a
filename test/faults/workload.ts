import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../../src/demo/random.ts'
import { Caller, type Answer, type Call, type Silence } from './client.ts'

/** What a client does about an answer that does not come. `blind` is the control: it repeats without a key. */
export type Habit = 'keyed' | 'once' | 'blind'

/** One write and what its client knows of it. The marker stands in the record: it is how the database is asked. */
export type Write = {
  marker: string
  kind: 'patient' | 'consultation' | 'change'
  slug: string
  habit: Habit
  /** stored: 2xx. refused: 4xx, or a 503 that promises that nothing was done. unknown: nobody told. */
  outcome: 'stored' | 'refused' | 'unknown'
  status: number
}

export type Counter = { slug: string; path: string; field: 'notes' | 'motherName' }

export type Workload = {
  writes: Write[]
  counters: Counter[]
  retries: number
  /** Answers by status and code, those that were repeated too. */
  answers: Map<string, number>
}

export const slugs = ['csref_djenne', 'cscom_sangha', 'sih_mopti'] as const
const clients = 12

export type Plan = {
  url: string
  random: Random
  /** Unique among all runs on one database. */
  name: string
  count: number
  habit: Habit
  /** Told after each write, for whoever strikes at certain moments. */
  onProgress?: (done: number) => void
}

/** Twelve people at three establishments write at once until `count` writes have had their last answer. */
export async function runWorkload({ url, random, name, count, habit, onProgress }: Plan): Promise<Workload> {
  const callers = await Promise.all(slugs.map((slug) => new Caller(url, `${slug}.agent`).signIn()))
  const workload: Workload = { writes: [], counters: [], retries: 0, answers: new Map() }
  const write = writer(workload, name)
  const patients = new Map<string, string[]>()
  for (const [index, slug] of slugs.entries()) {
    const caller = callers[index]!
    const patient = await write(caller, { slug, kind: 'patient', habit: 'keyed' }, (marker) =>
      newPatient(`0 ${marker}`),
    )
    const patientId: string = patient.body.id
    const visit = (marker: string): Call => newConsultation(patientId, `0 ${marker}`)
    const consultation = await write(caller, { slug, kind: 'consultation', habit: 'keyed' }, visit)
    patients.set(slug, [patientId])
    workload.counters.push(
      { slug, path: `/api/v1/patients/${patientId}`, field: 'motherName' },
      { slug, path: `/api/v1/consultations/${consultation.body.id}`, field: 'notes' },
    )
  }

  let started = 0
  let done = 0
  const person = async (): Promise<void> => {
    while (started++ < count) {
      const index = random.int(0, slugs.length - 1)
      const [slug, caller] = [slugs[index]!, callers[index]!]
      const mine = habit === 'keyed' && random.chance(0.15) ? 'once' : habit
      const kind = random.weighted([['patient', 4], ['consultation', 4], ['change', 2]] as const) // prettier-ignore
      const known = patients.get(slug)!
      if (kind === 'change') {
        const counter = random.pick(workload.counters.filter((one) => one.slug === slug))
        await increment(caller, counter, habit === 'blind' ? 'keyed' : mine, write)
      } else {
        const patientId = random.pick(known)
        const answer = await write(caller, { slug, kind, habit: mine }, (marker) =>
          kind === 'patient' ? newPatient(marker) : newConsultation(patientId, marker),
        )
        if (kind === 'patient' && answer.status === 201) known.push(answer.body.id)
      }
      onProgress?.(++done)
    }
  }
  await Promise.all(Array.from({ length: clients }, person))
  for (const caller of callers) caller.close()
  return workload
}

const letters = (marker: string): string => marker.replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)]!).replace(/[^a-z]/g, '') // prettier-ignore

const newPatient = (marker: string): Call => ({
  method: 'POST',
  path: '/api/v1/patients',
  body: {
    familyName: `Essai ${letters(marker)}`,
    givenName: 'Awa',
    sex: 'F',
    birth: { precision: 'year', date: '1990' },
    motherName: marker,
    confirmDuplicate: true,
  },
})

const newConsultation = (patientId: string, marker: string): Call => ({
  method: 'POST',
  path: '/api/v1/consultations',
  body: { patientId, date: '2026-03-02', diagnosis: 'Paludisme simple', notes: marker },
})

type Writer = (
  caller: Caller,
  about: Pick<Write, 'slug' | 'kind' | 'habit'>,
  call: (marker: string) => Call,
) => Promise<Answer>

/** Sends a write as its client would: with its key until somebody answers, or once. */
function writer(workload: Workload, name: string): Writer {
  let serial = 0
  return async (caller, about, callOf) => {
    const marker = `${name}-${++serial}`
    const call = callOf(marker)
    if (about.habit === 'keyed') call.headers = { ...call.headers, 'idempotency-key': `key-${marker}` }
    const entry: Write = { marker, ...about, outcome: 'unknown', status: 0 }
    workload.writes.push(entry)
    for (let tries = 0; ; tries++) {
      if (tries > 400) throw new Error(`no answer to ${marker} after ${tries} tries, all answers: ${told(workload)}`)
      const answer = await caller.send(call)
      count(workload, answer)
      const meaning = meaningOf(answer)
      entry.status = answer.status
      if (meaning === 'stored' || meaning === 'refused' || (meaning === 'unknown' && about.habit === 'once')) {
        entry.outcome = meaning
        return { headers: {}, body: undefined, ...answer }
      }
      if (answer.status === 401) await caller.signIn().catch(() => {})
      workload.retries++
      await sleep(60 + Math.min(tries, 5) * 40)
    }
  }
}

/** `again`: refused for a moment, and nothing was done: whoever has no key may repeat too. */
function meaningOf(answer: Answer | Silence): Write['outcome'] | 'again' {
  const { status } = answer
  if (status === 0) return (answer as Silence).code === 'ECONNREFUSED' ? 'again' : 'unknown'
  if (status >= 200 && status < 300) return 'stored'
  const { code } = (answer as Answer).body ?? {}
  if (status === 401 || status === 429) return 'again'
  if (status === 503) return code === 'outcome_unknown' ? 'unknown' : 'again'
  return status >= 500 ? 'unknown' : 'refused'
}

/** Reads, adds one, writes with the version that was read; read again when somebody else was faster. */
async function increment(caller: Caller, { slug, path, field }: Counter, habit: Habit, write: Writer): Promise<void> {
  for (;;) {
    const read = await caller.send({ method: 'GET', path })
    if (read.status !== 200) {
      await sleep(100)
      if (read.status === 404) return
      continue
    }
    const { version, [field]: before } = read.body as { version: number } & Record<string, string>
    const next = Number.parseInt(before ?? '', 10) + 1
    const answer = await write(caller, { slug, kind: 'change', habit }, (marker) => ({
      method: 'PATCH',
      path,
      body: { [field]: `${next} ${marker}` },
      headers: { 'if-match': `"${version}"` },
    }))
    if (answer.status !== 412) return
  }
}

/** All answers, by how often. */
export const told = ({ answers }: Workload): string =>
  [...answers].map(([name, times]) => `${name} × ${times}`).join(', ')

function count(workload: Workload, answer: Answer | Silence): void {
  const word = answer.status === 0 ? (answer as Silence).code : ((answer as Answer).body?.code ?? '')
  const name = `${answer.status} ${word}`.trim()
  workload.answers.set(name, (workload.answers.get(name) ?? 0) + 1)
}
