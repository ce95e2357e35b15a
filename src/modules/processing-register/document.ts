import { figure, longDay, longInstant, plural } from '../../shared/french.ts'
import { Pdf } from '../../shared/pdf/index.ts'
import type { Category } from './catalogue.ts'
import type { About } from './described.ts'
import type { Measure, Register } from './register.ts'

const types: Record<string, string> = { hospital: 'hôpital', csref: 'CSRéf', cscom: 'CSCOM', cabinet: 'cabinet privé' }
const toFill = '………………………………………………………'

const persons: Record<Exclude<About, 'technical' | 'establishments'>, string> = {
  patients: 'Patients, et les proches que leur dossier nomme (mère, titulaire du téléphone)',
  staff: 'Personnel de l’établissement et de la plateforme',
}
const states: Record<Measure['state'], string> = { ok: 'en ordre', warning: 'À CORRIGER', critical: 'NON CONFORME' }

/** The register as a document to be completed, signed and shown to the authority. @returns its number of pages */
export async function writeRegister(register: Register, write: (chunk: Uint8Array) => void): Promise<number> {
  const { establishments, scope, generatedAt, software } = register
  const one = scope === 'establishment' ? establishments[0] : undefined
  const pdf = await Pdf.open({
    title: 'Registre des traitements',
    head: [one?.name ?? 'Installation SIS', 'Registre des traitements de données à caractère personnel'],
    foot: `Établi par ${software} le ${longInstant(generatedAt)} (temps universel) d’après l’installation elle-même`,
    at: new Date(generatedAt),
    write,
  })
  pdf.title(
    'Registre des traitements',
    'Loi n° 2013-015 du 21 mai 2013 portant protection des données à caractère personnel',
  )
  pdf.paragraph(
    'Ce document est produit à partir des réglages réels et de la base de données de cette installation, au jour indiqué. Les lignes en pointillés sont à compléter par le responsable.',
  )
  controller(pdf, register)
  pdf.heading('2. Finalités et données')
  for (const [about, name] of [['patients', persons.patients], ['staff', persons.staff], ['establishments', 'Établissements']] as const) categories(pdf, name, register.categories.filter((one) => one.about === about)) // prettier-ignore
  technical(pdf, register)
  pdf.heading('3. Personnes qui y ont accès')
  pdf.table(
    [{ heading: 'Rôle', width: 3 }, { heading: 'Comptes', width: 1.3 }, { heading: 'Second facteur', width: 1.5 }, { heading: 'Droits', width: 8 }], // prettier-ignore
    register.recipients.map(({ role, people, withSecondFactor, rights }) => [
      role,
      figure(people),
      figure(withSecondFactor),
      rights.join(' ; '),
    ]),
  )
  pdf.paragraph('L’administrateur de la plateforme n’a aucun accès aux dossiers, ni moyen de se le donner.')
  pdf.heading('4. Durées de conservation')
  pdf.fields(register.retention.map(({ what, how }) => [what, how.endsWith(': ') ? how + toFill : how]))
  pdf.heading('5. Hébergement')
  pdf.fields(register.hosting.map(({ what, how }) => [what, how || toFill]))
  pdf.heading('6. Communication à des tiers et transferts')
  pdf.fields(register.transfers.map(({ what, how }) => [what, how]))
  security(pdf, register.security)
  // A signature stands under what it is for.
  pdf.heading('8. Droits des personnes', 240)
  pdf.paragraph(
    'Copie du dossier : remise imprimée ou en fichier, avec l’histoire de chaque correction. Rectification : avec trace de l’ancienne valeur, de l’auteur, de la date et du motif. ' +
      'Opposition au partage : enregistrée par portée, retirée de même, jamais effacée ; SIS ne transmet aucun dossier, et les effectifs nationaux, qui ne nomment personne, comptent aussi ces patients. Journal : le patient peut savoir qui a ouvert son dossier.',
  )
  pdf.fields([
    ['Demandes à adresser à', toFill],
    ['Autorité', 'Autorité de protection des données à caractère personnel (APDP)'],
  ])
  pdf.signature(['Fait à ……………………, le ……………………', 'Nom, qualité et signature du responsable'])
  pdf.end()
  return pdf.pages
}

function controller(pdf: Pdf, { scope, establishments, records }: Register): void {
  const [one] = establishments
  pdf.heading('1. Responsable du traitement')
  if (scope === 'establishment' && one) {
    pdf.fields([
      ['Établissement', `${one.name} (${types[one.type] ?? one.type})`],
      ['Lieu', [one.cercle && `cercle de ${one.cercle}`, `région de ${one.region}`].filter(Boolean).join(', ')],
      ['District sanitaire', one.healthDistrict],
      [
        'Dossiers',
        records && `${plural(records.patients, 'patient')}, ${plural(records.consultations, 'consultation')}`,
      ],
      ['Première consultation', records?.firstDay && longDay(records.firstDay)],
    ])
  } else {
    const counts = Object.entries(types).flatMap(([type, name]) => {
      const count = establishments.filter((each) => each.type === type).length
      return count === 0 ? [] : `${name} : ${figure(count)}`
    })
    pdf.fields([['Établissements', `${figure(establishments.length)} (${counts.join(' ; ')})`]])
  }
  pdf.fields([
    ['Représentant légal', toFill],
    ['Contact', toFill],
    ['Déclaration ou autorisation de l’APDP', `n° ${toFill}`],
  ])
}

function categories(pdf: Pdf, name: string, found: Category[]): void {
  if (found.length === 0) return
  pdf.subheading(name)
  const purposes = [...new Set(found.map(({ purpose }) => purpose))]
  pdf.table(
    [{ heading: 'Finalité', width: 4 }, { heading: 'Données', width: 9 }, { heading: 'Tables', width: 3.5 }], // prettier-ignore
    purposes.map((purpose) => {
      const all = found.filter((one) => one.purpose === purpose)
      return [
        purpose,
        [...new Set(all.flatMap(({ data }) => data))].join(' ; '),
        all.map(({ table }) => table).join(', '),
      ]
    }),
  )
}

function technical(pdf: Pdf, { categories: all, undescribed }: Register): void {
  const names = all.filter(({ about }) => about === 'technical').map(({ table, purpose }) => `${table} (${purpose})`)
  pdf.paragraph(`Tables techniques, qui ne décrivent personne : ${[...new Set(names)].join(' ; ')}.`)
  if (undescribed.length > 0)
    pdf.paragraph(
      `ATTENTION : la base contient ce que SIS ne connaît pas et qu’il ne peut décrire ici : ${undescribed.join(', ')}.`,
    )
}

/** What is not as it should be comes first, with what to do. */
function security(pdf: Pdf, measures: readonly Measure[]): void {
  const bad = measures.filter(({ state }) => state !== 'ok')
  pdf.heading('7. Mesures de sécurité')
  pdf.paragraph(`Points examinés : ${figure(measures.length)} ; à corriger : ${figure(bad.length)}.`)
  for (const { state, found, remedy } of bad) pdf.fields([[states[state], remedy ? `${found}\n→ ${remedy}` : found]])
  const good = measures.filter(({ state }) => state === 'ok').map(({ found }) => found)
  pdf.fields([['En ordre', good.join(' ')]])
}
