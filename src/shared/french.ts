// How days, instants and figures are written in French documents. Mali keeps UTC all year (Africa/Bamako, UTC+0).

const months = [
  'janvier', 'février', 'mars', 'avril', 'mai', 'juin', 'juillet', 'août', 'septembre', 'octobre', 'novembre', 'décembre',
] // prettier-ignore

/** 2026-07-01 → 1er juillet 2026; 2026-07 → juillet 2026; 2026 → 2026. */
export function longDay(day: string): string {
  const [year = '', month, date] = day.slice(0, 10).split('-')
  const name = month && months[Number(month) - 1]
  return [date && (Number(date) === 1 ? '1er' : String(Number(date))), name, year].filter(Boolean).join(' ')
}

/** 2026-07-01T09:30:00.000Z → 1er juillet 2026 à 9 h 30. */
export const longInstant = (instant: string): string =>
  `${longDay(instant)} à ${Number(instant.slice(11, 13))} h ${instant.slice(14, 16)}`

/** 38.5 → 38,5; 12345 → 12 345. */
export const figure = (value: number): string => figures.format(value)
const figures = new Intl.NumberFormat('fr-FR', { maximumFractionDigits: 3 })

/** `plural(2, 'page')` → 2 pages. French counts zero and one as singular. */
export const plural = (count: number, singular: string, many = `${singular}s`): string =>
  `${figure(count)} ${count < 2 ? singular : many}`
