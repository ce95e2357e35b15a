import type { Check, Stored, StoredEstablishment } from '#tenancy'
import { rightNames, rights, roleName, roles, type Right } from '../../platform/auth/index.ts'
import { SESSION_KEPT_DAYS } from '../../platform/auth/sessions.ts'
import { KEY_KEPT_HOURS } from '../../platform/http/operation-key.ts'
import { longInstant, plural } from '../../shared/french.ts'
import { DRY_RUN_KEPT_DAYS } from '../exchange/index.ts'
import type { ModuleDefinition } from '../../platform/modules/index.ts'
import { categoryOf, tablesOf, type Category } from './catalogue.ts'

/** What only the settings of the installation say. */
export type Settings = {
  embedded: boolean
  /** Listens on this machine only. */
  local: boolean
  behindProxy: boolean
  /** Where heads of the record go besides the database. */
  anchor: 'none' | 'file' | 'address'
}

export type Measure = { state: 'ok' | 'warning' | 'critical'; found: string; remedy: string | null }
export type Recipient = { role: string; people: number; withSecondFactor: number; rights: string[] }
export type Line = { what: string; how: string }

/** The register of processing of an installation, or of one establishment: all but what only people can know. */
export type Register = {
  format: 'sis.processing-register'
  formatVersion: 1
  generatedAt: string
  software: string
  scope: 'establishment' | 'installation'
  establishments: StoredEstablishment[]
  records: Stored['records'] | null
  categories: Category[]
  /** Tables and columns that are stored and that this program cannot describe: none, unless the database was changed by hand. */
  undescribed: string[]
  recipients: Recipient[]
  retention: Line[]
  hosting: Line[]
  transfers: Line[]
  security: Measure[]
}

/**
 * @param checks what `sis doctor` says of the live database
 * @param at ISO 8601
 */
export function registerOf(
  stored: Stored,
  checks: readonly Check[],
  settings: Settings,
  about: { at: string; version: string; slug?: string; modules: readonly ModuleDefinition[] },
): Register {
  const tables = tablesOf(about.modules)
  const told = stored.tables.map((table) => categoryOf(tables, table))
  return {
    format: 'sis.processing-register',
    formatVersion: 1,
    generatedAt: about.at,
    software: `SIS ${about.version}`,
    scope: about.slug === undefined ? 'installation' : 'establishment',
    establishments: stored.establishments,
    records: stored.records ?? null,
    categories: told.flatMap(({ category }) => category ?? []),
    undescribed: told.flatMap(({ unknown }) => unknown),
    recipients: recipientsOf(stored),
    retention,
    hosting: [
      {
        what: 'Base de données',
        how: `PostgreSQL ${stored.server}, ${settings.embedded ? 'sur la machine même où SIS est installé' : 'sur un serveur choisi par l’exploitant'}`,
      },
      { what: 'Lieu (pays, local)', how: '' },
    ],
    transfers: transfersOf(settings),
    security: [...measuresOf(stored, settings), ...checks.map(toMeasure)],
  }
}

function recipientsOf({ people }: Stored): Recipient[] {
  const names = Object.keys(rights) as Right[]
  return roles.map((role) => {
    const held = people.find((one) => one.role === role)
    return {
      role: roleName(role),
      people: held?.count ?? 0,
      withSecondFactor: held?.withSecondFactor ?? 0,
      rights: names
        .filter((right) => (rights[right] as readonly string[]).includes(role))
        .map((right) => rightNames[right]),
    }
  })
}

// What the program does; how long the law wants files to be kept is for the controller to write down.
const retention: Line[] = [
  {
    what: 'Dossiers, consultations et leurs versions',
    how: 'jamais effacés par SIS ; durée légale à préciser par le responsable : ',
  },
  { what: 'Séjours, places et observations', how: 'jamais effacés, comme les consultations' },
  { what: 'Oppositions et leurs retraits', how: 'jamais effacés' },
  { what: 'Journal des accès', how: 'jamais effacé' },
  { what: 'Réponses gardées contre les doubles envois', how: plural(KEY_KEPT_HOURS, 'heure') },
  { what: 'Essais de reprise d’un registre', how: plural(DRY_RUN_KEPT_DAYS, 'jour') },
  { what: 'Connexions terminées', how: plural(SESSION_KEPT_DAYS, 'jour') },
  { what: 'Comptes du personnel', how: 'désactivés, jamais effacés : leur nom reste sur ce qu’ils ont écrit' },
]

const anchors = {
  none: [],
  file: [
    { what: 'Têtes du journal des accès', how: 'copiées dans un fichier : des empreintes, sans donnée personnelle' },
  ],
  address: [
    {
      what: 'Têtes du journal des accès',
      how: 'envoyées à une adresse extérieure : des empreintes, sans donnée personnelle',
    },
  ],
}

const transfersOf = ({ anchor }: Settings): Line[] => [
  { what: 'Données personnelles', how: 'SIS n’en envoie à personne, ni au Mali ni à l’étranger' },
  { what: 'Ministère et institut national', how: 'des effectifs seulement ; ceux de moins de 5 ne sont pas montrés' },
  ...anchors[anchor],
  { what: 'Copies et impressions', how: 'faites par le personnel autorisé, chacune inscrite au journal des accès' },
]

function measuresOf({ people, lastBackup, lastSeal, establishments }: Stored, settings: Settings): Measure[] {
  const must = people.filter(({ role }) => ['ADMIN_LOCAL', 'SUPER_ADMIN', 'MINISTERE_SIS', 'SIS_INRSP'].includes(role))
  const without = must.reduce((sum, { count, withSecondFactor }) => sum + count - withSecondFactor, 0)
  const measure = (state: Measure['state'], found: string, remedy: string | null = null): Measure => ({
    state,
    found,
    remedy,
  })
  return [
    settings.local
      ? measure('ok', 'SIS ne répond qu’à la machine où il est installé.')
      : settings.behindProxy
        ? measure(
            'ok',
            'SIS répond au réseau derrière un mandataire déclaré (SIS_TRUST_PROXY) ; c’est à lui de chiffrer les échanges avec les postes.',
          )
        : measure(
            'warning',
            'SIS répond directement au réseau, sans chiffrement.',
            'Placez devant SIS un mandataire qui chiffre (HTTPS) et déclarez-le (SIS_TRUST_PROXY).',
          ),
    without === 0
      ? measure('ok', 'Tous les comptes qui administrent ou voient l’ensemble ont un second facteur.')
      : measure(
          'warning',
          `Comptes qui administrent ou voient l’ensemble sans second facteur : ${without}.`,
          'Ils ne peuvent rien faire avant de l’avoir enregistré, sauf les comptes de démonstration : supprimez ceux-ci (SIS_DEMO=off).',
        ),
    lastBackup === null
      ? measure(
          'critical',
          'Aucune sauvegarde réussie n’est connue.',
          'Lancez « sis backup » chaque nuit et gardez le fichier ailleurs.',
        )
      : measure('ok', `Dernière sauvegarde réussie : ${longInstant(lastBackup.at)}.`),
    lastSeal === null
      ? measure(
          'warning',
          'Le journal des accès n’a pas encore été scellé.',
          'Il l’est dans les secondes qui suivent le démarrage de SIS.',
        )
      : measure('ok', `Journal des accès scellé pour la dernière fois : ${longInstant(lastSeal)}.`),
    ...(establishments.some(({ demo }) => demo)
      ? [
          measure(
            'warning',
            'Cette installation contient des établissements de démonstration.',
            'N’y enregistrez aucun patient réel.',
          ),
        ]
      : []),
  ]
}

const toMeasure = ({ level, found, remedy }: Check): Measure => ({
  state: level,
  found: found.fr,
  remedy: remedy?.fr ?? null,
})
