import assert from 'node:assert/strict'

/** What a scraper reads, with its rules: the text is looked at line by line, and refused where a scraper would. */
export type Scraped = {
  types: Map<string, string>
  samples: { name: string; labels: Record<string, string>; value: number }[]
  /** The sum of the samples with these labels; 0 when there is none. */
  sum(name: string, labels?: Record<string, string>): number
}

const suffixes: Record<string, readonly string[]> = {
  histogram: ['_bucket', '_sum', '_count'],
  counter: [''],
  gauge: [''],
}

/**
 * Reads the text format 0.0.4 as strictly as `promtool check metrics`: each family once, HELP before TYPE before its samples,
 * names and labels well formed and escaped, no sample twice, buckets that grow up to +Inf, which is the count.
 * @throws AssertionError that quotes the line
 */
export function scraped(text: string): Scraped {
  assert.ok(text.endsWith('\n'))
  const [types, helps, samples] = [new Map<string, string>(), new Set<string>(), [] as Scraped['samples']]
  const seen = new Set<string>()
  let family = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line) ?? []
    if (keyword === 'HELP') {
      assert.ok(!helps.has(name), line)
      assert.doesNotMatch(rest.replaceAll(/\\[\\n]/g, ''), /\\/, line)
      helps.add((family = name))
    } else if (keyword === 'TYPE') {
      assert.ok(name === family && !types.has(name) && rest in suffixes, line)
      if (rest === 'counter') assert.match(name, /_total$/)
      types.set(name, rest)
    } else {
      const [, sample = '', , written = '', value = ''] = /^([a-zA-Z_:][\w:]*)(\{(.*)\})? (\S+)$/.exec(line) ?? []
      assert.ok(
        suffixes[types.get(family) ?? '']?.some((suffix) => sample === family + suffix),
        line,
      )
      const labels = labelsOf(written, line)
      assert.ok(/^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(value) && !seen.has(sample + written), line)
      seen.add(sample + written)
      samples.push({ name: sample, labels, value: Number(value) })
    }
  }
  assert.deepEqual([...helps], [...types.keys()])
  const all = { types, samples, sum: summing(samples) }
  for (const [name, type] of types) if (type === 'histogram') checkHistogram(all, name)
  return all
}

const summing =
  (samples: Scraped['samples']): Scraped['sum'] =>
  (name, labels = {}) =>
    samples
      .filter((one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value))
      .reduce((sum, { value }) => sum + value, 0)

function labelsOf(written: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {}
  let rest = written
  while (rest !== '') {
    const [all = '', name = '', value = ''] =
      /^([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,(?=[a-zA-Z_])|$)/.exec(rest) ?? []
    assert.ok(all !== '' && !(name in labels), line)
    labels[name] = value.replaceAll(/\\([\\"n])/g, (_, one: string) => (one === 'n' ? '\n' : one))
    rest = rest.slice(all.length)
  }
  return labels
}

function checkHistogram({ samples }: Pick<Scraped, 'samples'>, name: string): void {
  const key = ({ le: _le, ...labels }: Record<string, string>): string => JSON.stringify(labels)
  const of = (suffix: string) => samples.filter((sample) => sample.name === name + suffix)
  for (const { labels, value: count } of of('_count')) {
    const buckets = of('_bucket').filter((bucket) => key(bucket.labels) === key(labels))
    const bounds = buckets.map((bucket) => (bucket.labels['le'] === '+Inf' ? Infinity : Number(bucket.labels['le'])))
    assert.deepEqual(
      bounds,
      [...new Set(bounds)].sort((a, b) => a - b),
      `${name} ${key(labels)}`,
    )
    assert.equal(bounds.at(-1), Infinity, name)
    const counts = buckets.map(({ value }) => value)
    assert.deepEqual(
      counts,
      [...counts].sort((a, b) => a - b),
      `${name} ${key(labels)}`,
    )
    assert.equal(counts.at(-1), count, `${name} ${key(labels)}`)
    assert.equal(of('_sum').filter((sum) => key(sum.labels) === key(labels)).length, 1)
  }
}
