import type { Family, HistogramSample } from '../../shared/meters.ts'

/** What a scraper asked for: Prometheus text format 0.0.4, or OpenMetrics 1.0. */
export type Format = 'text' | 'openmetrics'

export const contentTypes: Record<Format, string> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

/** By the Accept header: OpenMetrics only where it is named, and not less welcome than text. */
export function formatFor(accept = ''): Format {
  const welcome = (type: string): number =>
    Math.max(
      0,
      ...accept
        .split(',')
        .slice(0, 50)
        .filter((part) => part.split(';')[0]?.trim().toLowerCase() === type)
        .map((part) => Number(/;\s*q=([\d.]+)/i.exec(part)?.[1] ?? 1)),
    )
  const openmetrics = welcome('application/openmetrics-text')
  return openmetrics > 0 && openmetrics >= welcome('text/plain') ? 'openmetrics' : 'text'
}

/** The families as text, those without a sample left out. */
export function exposition(families: readonly Family[], format: Format): string {
  const lines: string[] = []
  for (const family of families) {
    if (family.samples.length === 0) continue
    const { name, help, type } = family
    // OpenMetrics names a counter without its ending.
    const head = format === 'openmetrics' && type === 'counter' ? name.replace(/_total$/, '') : name
    lines.push(`# HELP ${head} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, `# TYPE ${head} ${type}`)
    if (type === 'histogram')
      for (const sample of family.samples) lines.push(...histogramLines(name, family.bounds, sample))
    else for (const [labels, value] of family.samples) lines.push(line(name, labels, value))
  }
  if (format === 'openmetrics') lines.push('# EOF')
  return `${lines.join('\n')}\n`
}

function histogramLines(name: string, bounds: readonly number[], [labels, { counts, sum }]: HistogramSample): string[] {
  const lines: string[] = []
  let count = 0
  for (const [index, bound] of [...bounds, Infinity].entries()) {
    count += counts[index] ?? 0
    lines.push(line(`${name}_bucket`, join(labels, `le="${boundText(bound)}"`), count))
  }
  return [...lines, line(`${name}_sum`, labels, sum), line(`${name}_count`, labels, count)]
}

const line = (name: string, labels: string, value: number): string =>
  `${name}${labels === '' ? '' : `{${labels}}`} ${numberText(value)}`
const join = (labels: string, more: string): string => (labels === '' ? more : `${labels},${more}`)
const numberText = (value: number): string =>
  value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value)
// OpenMetrics wants 1.0 and not 1; the other format takes both.
const boundText = (bound: number): string => (Number.isInteger(bound) ? `${bound}.0` : numberText(bound))
