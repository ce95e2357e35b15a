import { v7 as uuidv7 } from 'uuid'
import type { TenantDb } from '#tenancy'
import type { Actor } from '../../../platform/http/index.ts'
import { text } from '../../../shared/text.ts'
import { findIcd10Codes, tidyCode, type KnownCode } from '../../icd10/index.ts'
import { foldText } from '../../patients/index.ts'
import { findOrInsertService, findOrInsertSpecialty } from '../../services/index.ts'
import { headingOf } from '../reading/columns.ts'
import type { Note, Visit } from '../reading/visit.ts'
import { allEntries } from './queries.ts'

/** More new services than this are no services: a column was taken for another. */
const MOST_NEW = 100

type List = 'service' | 'specialty'

export type Lists = {
  /** Name as written → id; null where the entry is no longer offered or there are too many. */
  service: ReadonlyMap<string, string | null>
  specialty: ReadonlyMap<string, string | null>
  /** Those that the establishment has not, under ids that stand for them until they are stored. */
  created: { list: List; name: string; id: string }[]
}

/** The services and specialties that a register names. */
export async function listsOf(db: TenantDb, visits: readonly Visit[]): Promise<Lists> {
  const created: Lists['created'] = []
  const service = await entriesOf(db, 'service', visits, created)
  const specialty = await entriesOf(db, 'specialty', visits, created)
  return { service, specialty, created }
}

async function entriesOf(db: TenantDb, list: List, visits: readonly Visit[], created: Lists['created']) {
  const ids = new Map<string, string | null>()
  const listed = new Map((await allEntries(db, list)).map(({ name_key, id, active }) => [name_key, active ? id : null]))
  let added = 0
  for (const { [list]: name } of visits) {
    if (name === null || ids.has(name)) continue
    const key = foldText(name)
    if (!listed.has(key) && added < MOST_NEW) {
      const entry = { list, name, id: uuidv7() }
      created.push(entry)
      added++
      listed.set(key, entry.id)
    }
    ids.set(name, listed.get(key) ?? null)
  }
  return ids
}

const insertEntry = { service: findOrInsertService, specialty: findOrInsertSpecialty }

/** Adds what the establishment has not. @returns the ids that they have now, by those that stood for them */
export async function storeEntries(
  db: TenantDb,
  actor: Actor,
  created: Lists['created'],
): Promise<Map<string, string>> {
  const ids = new Map<string, string>()
  for (const { list, name, id } of created) ids.set(id, (await insertEntry[list](db, actor, name)).id)
  return ids
}

/** What a line's service and specialty are in the lists, and warnings where they are left out. */
export function placeOf(
  visit: Visit,
  lists: Lists,
): { serviceId: string | null; specialtyId: string | null; warnings: Note[] } {
  const warnings: Note[] = []
  const idOf = (list: List): string | null => {
    const name = visit[list]
    if (name === null) return null
    const id = lists[list].get(name) ?? null
    if (id === null) warnings.push({ line: visit.line, column: headingOf(list), message: notOffered })
    return id
  }
  return { serviceId: idOf('service'), specialtyId: idOf('specialty'), warnings }
}

const notOffered = text(
  "Cette entrée n'est plus dans la liste de l'établissement : laissée de côté.",
  "This entry is no longer in the establishment's list: left out.",
)

export const knownCodes = (db: TenantDb, visits: readonly Visit[]): Promise<Map<string, KnownCode>> =>
  findIcd10Codes(db, [...new Set(visits.flatMap(({ codes }) => codes.map(tidyCode)))].slice(0, 20_000))

const MOST_CODES = 20

/** The line's codes that the nomenclature has, the first being the main one, and warnings for the others. */
export function codesOf(visit: Visit, known: ReadonlyMap<string, KnownCode>) {
  const codes = [...new Set(visit.codes.map(tidyCode).filter((code) => known.has(code)))].slice(0, MOST_CODES)
  const isWhole = visit.codes.every((code) => known.has(tidyCode(code)))
  return {
    codes: codes.map((code, i) => ({ code, role: i === 0 ? ('main' as const) : ('secondary' as const) })),
    warnings: isWhole ? [] : [{ line: visit.line, column: headingOf('codes'), message: unknownCode }],
  }
}

const unknownCode = text(
  'Code CIM-10 inconnu : la consultation est enregistrée sans ce code.',
  'Unknown CIM-10 code: the consultation is stored without this code.',
)
