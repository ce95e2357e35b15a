import type { Point } from './rows/scale.ts'

const [width, height] = [760, 420]
const [left, right, top, bottom] = [70, 690, 56, 350]

/** A round figure at or above: the end of an axis. */
export function roundUp(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(Math.max(value, 1)))
  return [1, 2, 2.5, 5, 10].map((step) => step * unit).find((step) => step >= value) ?? 10 * unit
}

const digits = (value: number): string => value.toLocaleString('en')

/**
 * Requests a second and database memory against establishments (logarithmic), as an SVG that is read without a program:
 * fixed colours on white, for both of a reader's themes; the two lines also differ in stroke and mark.
 */
export function plot(points: readonly Point[]): string {
  const most = Math.max(...points.map(({ tenants }) => tenants), 10)
  const [rates, megabytes] = [
    roundUp(Math.max(...points.map(({ perSecond }) => perSecond))),
    roundUp(Math.max(...points.map(({ memory }) => memory.total))),
  ]
  const x = (tenants: number): number => left + (Math.log10(tenants) / Math.log10(most)) * (right - left)
  const y = (part: number): number => bottom - part * (bottom - top)
  const line = (value: (point: Point) => number): string =>
    points.map((point) => `${x(point.tenants).toFixed(1)},${y(value(point)).toFixed(1)}`).join(' ')
  const text = (at: [number, number], content: string, more = ''): string =>
    `<text x="${at[0]}" y="${at[1]}" ${more}>${content}</text>`
  const steps = [0, 0.25, 0.5, 0.75, 1]
  const grid = steps.map(
    (part) => `<line x1="${left}" x2="${right}" y1="${y(part)}" y2="${y(part)}" stroke="#ddd"/>
  ${text([left - 8, y(part) + 4], digits(part * rates), 'text-anchor="end" fill="#0b5394"')}
  ${text([right + 8, y(part) + 4], digits(part * megabytes), 'fill="#a61c00"')}`,
  )
  const marks = points.map(
    (
      point,
    ) => `<line x1="${x(point.tenants).toFixed(1)}" x2="${x(point.tenants).toFixed(1)}" y1="${bottom}" y2="${bottom + 5}" stroke="#333"/>
  ${text([Number(x(point.tenants).toFixed(1)), bottom + 20], digits(point.tenants), 'text-anchor="middle"')}
  <circle cx="${x(point.tenants).toFixed(1)}" cy="${y(point.perSecond / rates).toFixed(1)}" r="4" fill="#0b5394"><title>${digits(Math.round(point.perSecond))} requests/s</title></circle>
  <rect x="${(x(point.tenants) - 4).toFixed(1)}" y="${(y(point.memory.total / megabytes) - 4).toFixed(1)}" width="8" height="8" fill="#a61c00"><title>${digits(Math.round(point.memory.total))} MB</title></rect>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" font-family="sans-serif" font-size="12" fill="#333">
  <title>Throughput and database memory against establishments</title>
  <rect width="${width}" height="${height}" fill="#fff"/>
  ${text([left, 24], 'Throughput and database memory against establishments', 'font-size="15" font-weight="bold"')}
  ${text([left, 44], '● requests a second (left)', 'fill="#0b5394"')}
  ${text([left + 190, 44], '■ memory of PostgreSQL, MB (right)', 'fill="#a61c00"')}
  ${grid.join('\n  ')}
  <line x1="${left}" x2="${right}" y1="${bottom}" y2="${bottom}" stroke="#333"/>
  <polyline points="${line(({ perSecond }) => perSecond / rates)}" fill="none" stroke="#0b5394" stroke-width="2"/>
  <polyline points="${line(({ memory }) => memory.total / megabytes)}" fill="none" stroke="#a61c00" stroke-width="2" stroke-dasharray="6 4"/>
  ${marks.join('\n  ')}
  ${text([(left + right) / 2, bottom + 44], 'establishments asked for (logarithmic)', 'text-anchor="middle"')}
</svg>
`
}
