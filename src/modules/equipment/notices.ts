import { text } from '../../shared/text.ts'
import { notice } from '../notifications/index.ts'

/** Told one by one, of a day or of a list; more are told in one sentence. */
export const MOST_NAMED = 10

type Named = { code: string; name: string }

export const brokeDown = notice('equipment.outOfOrder', {
  kind: 'equipment',
  severity: 'warning',
  text: ({ code, name }: Named) => text(`Hors service : ${code} (${name}).`, `Out of order: ${code} (${name}).`),
})

export const worksAgain = notice('equipment.working', {
  kind: 'equipment',
  severity: 'info',
  text: ({ code, name }: Named) =>
    text(`De nouveau en service : ${code} (${name}).`, `Working again: ${code} (${name}).`),
})

/** In place of many of them in one list. */
export const manyBrokeDown = notice('equipment.manyOutOfOrder', {
  kind: 'equipment',
  severity: 'warning',
  text: ({ count }: { count: number }) =>
    text(`Hors service : ${count} équipements d’une liste.`, `Out of order: ${count} pieces of equipment of a list.`),
})

export const manyWorkAgain = notice('equipment.manyWorking', {
  kind: 'equipment',
  severity: 'info',
  text: ({ count }: { count: number }) =>
    text(
      `De nouveau en service : ${count} équipements d’une liste.`,
      `Working again: ${count} pieces of equipment of a list.`,
    ),
})

const frenchDay = (day: string): string => day.split('-').reverse().join('/')

export const overdue = notice('equipment.overdue', {
  kind: 'equipment',
  severity: 'warning',
  text: ({ code, name, dueOn }: Named & { dueOn: string }) =>
    text(
      `Maintenance en retard : ${code} (${name}), prévue le ${frenchDay(dueOn)}.`,
      `Maintenance overdue: ${code} (${name}), due on ${dueOn}.`,
    ),
})

/** In place of many of them on one day. */
export const manyOverdue = notice('equipment.manyOverdue', {
  kind: 'equipment',
  severity: 'warning',
  text: ({ count }: { count: number }) =>
    text(`Maintenance en retard pour ${count} équipements.`, `Maintenance overdue for ${count} pieces of equipment.`),
})
