import type { Establishment } from '#tenancy'
import type { AccessOfPatient } from '../../platform/audit/index.ts'
import { roleNames, type Role } from '../../platform/auth/index.ts'
import { longDay } from '../../shared/french.ts'
import { say, text, type Language } from '../../shared/text.ts'
import type { Patient } from '../patients/index.ts'
import { reasonInWords } from './reasons.ts'
import { actInWords, type ActWords } from './words.ts'

const words = {
  title: text('Qui a consulté mon dossier', 'Who has seen my file'),
  patient: text('Patient', 'Patient'),
  file: text('Dossier n°', 'File no.'),
  made: text('Établi le', 'Made on'),
  when: text('Date et heure', 'Date and time'),
  who: text('Personne', 'Person'),
  role: text('Fonction', 'Role'),
  what: text('Acte', 'Act'),
  why: text('Motif', 'Reason'),
  none: text('Aucun accès sur cette période.', 'No access in this period.'),
  older: text(
    'Cette page s’arrête ici : pour les accès plus anciens, demandez une période qui finit plus tôt.',
    'This page ends here: for older accesses, ask for a period that ends earlier.',
  ),
  note: text(
    'Chaque lecture, recherche, impression, copie et modification de votre dossier dans cet établissement figure ici, du plus récent au plus ancien. Ce journal ne peut être ni corrigé ni effacé par l’établissement.',
    'Each reading, search, print, copy and change of your file in this establishment stands here, the newest first. The establishment can neither correct nor erase this record.',
  ),
}

const style = `body{font:11pt/1.4 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}
table{border-collapse:collapse;width:100%}th,td{border-bottom:1px solid #999;padding:.3rem .5rem;text-align:left;vertical-align:top}
thead{display:table-header-group}tr{break-inside:avoid}@page{margin:15mm}@media print{body{margin:0;max-width:none}}`

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const html = (value: string): string => value.replace(/[&<>"']/g, (sign) => escapes[sign] ?? '')

/** 2026-07-01T09:30:00.000Z → 01/07/2026 09:30:00. Mali keeps UTC all year. */
const moment = (at: string): string => `${at.slice(8, 10)}/${at.slice(5, 7)}/${at.slice(0, 4)} ${at.slice(11, 19)}`

type Printed = {
  establishment: Establishment
  patient: Patient
  accesses: readonly AccessOfPatient[]
  isCut: boolean
  today: string
  acts: Required<ActWords>
}

/** The accesses to a file as one page to be printed: nothing in it comes from elsewhere, no script. */
export function accessesPage(
  { establishment, patient, accesses, isCut, today, acts }: Printed,
  language: Language,
): string {
  const t = (key: keyof typeof words): string => html(say(words[key], language))
  const roleOf = (role: string | null): string =>
    role !== null && role in roleNames ? say(roleNames[role as Role], language) : (role ?? '')
  const rows = accesses.map(({ at, actor, action, outcome, reason }) =>
    [
      moment(at),
      actor.name,
      roleOf(actor.role),
      actInWords(action, outcome, language, acts),
      reasonInWords(reason, language),
    ]
      .map((cell) => `<td>${html(cell)}</td>`)
      .join(''),
  )
  const head = (['when', 'who', 'role', 'what', 'why'] as const).map((key) => `<th>${t(key)}</th>`).join('')
  const day = language === 'fr' ? longDay(today) : today
  return `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${t('title')}</title><style>${style}</style></head><body><h1>${t('title')}</h1>
<p><strong>${html(establishment.name)}</strong><br>${t('patient')} : ${html(`${patient.familyName} ${patient.givenName}`)}<br>
${t('file')} ${html(patient.fileNumber)}<br>${t('made')} ${html(day)}</p><p>${t('note')}</p>
${rows.length > 0 ? `<table><thead><tr>${head}</tr></thead><tbody>${rows.map((row) => `<tr>${row}</tr>`).join('\n')}</tbody></table>` : `<p>${t('none')}</p>`}
${isCut ? `<p>${t('older')}</p>` : ''}</body></html>`
}

/** What a browser may do with the page: show it. */
export const pagePolicy = `default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
