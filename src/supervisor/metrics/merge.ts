import type { Family, HistogramSample, Sample } from '../../shared/meters.ts'

/** The numbers of one process; `process` becomes a label of what cannot be added up (gauges). */
export type Told = { families: readonly Family[]; process?: string }

/** All processes together: totals and histograms added up, gauges side by side. */
export function merged(all: readonly Told[]): Family[] {
  const byName = new Map<string, Family>()
  for (const { families, process } of all)
    for (const family of families) {
      const seen = byName.get(family.name)
      const own = family.type === 'gauge' && process !== undefined ? ofProcess(family, process) : family
      byName.set(family.name, seen === undefined ? own : added(seen, own))
    }
  return [...byName.values()]
}

/** What of a process's numbers must not fall when it ends. */
export const totalsOf = (families: readonly Family[]): Family[] => families.filter(({ type }) => type !== 'gauge')

function ofProcess(family: Family & { type: 'counter' | 'gauge' }, process: string): Family {
  const label = `process="${process}"`
  return {
    ...family,
    samples: family.samples.map(([labels, value]): Sample => [labels === '' ? label : `${label},${labels}`, value]),
  }
}

function added(one: Family, other: Family): Family {
  if (one.type === 'histogram' && other.type === 'histogram') {
    const sums = new Map(one.samples)
    for (const [labels, more] of other.samples) sums.set(labels, sumOf(sums.get(labels), more))
    return { ...one, samples: [...sums] }
  }
  if (one.type === 'histogram' || other.type === 'histogram' || one.type !== other.type)
    throw new Error(`${one.name} is of two types`)
  if (one.type === 'gauge') return { ...one, samples: [...one.samples, ...other.samples] }
  const sums = new Map(one.samples)
  for (const [labels, more] of other.samples) sums.set(labels, (sums.get(labels) ?? 0) + more)
  return { ...one, samples: [...sums] }
}

type Counted = HistogramSample[1]

const sumOf = (one: Counted | undefined, other: Counted): Counted =>
  one === undefined
    ? other
    : { counts: one.counts.map((count, index) => count + (other.counts[index] ?? 0)), sum: one.sum + other.sum }
