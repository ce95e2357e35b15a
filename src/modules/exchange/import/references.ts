import { v7 as uuidv7 } from 'uuid'
import type { TenantDb } from '#tenancy'
import type { Actor } from '../../../platform/http/index.ts'
import { invalidInput } from '../../../shared/errors.ts'
import { text, type Text } from '../../../shared/text.ts'
import { findIcd10Codes, tidyCode, type KnownCode } from '../../icd10/index.ts'
import { foldText } from '../../patients/index.ts'
import { findOrInsertService, findOrInsertSpecialty } from '../../services/index.ts'
import type { Created } from '../declaration.ts'
import { headingOf } from '../reading/headings.ts'
import type { Note } from '../reading/line.ts'
import { allEntries } from './queries.ts'

/** More new services than this are no services: a column was taken for another. */
const MOST_NEW = 100

/** Name as written → id; null where the entry is no longer offered, or is one new entry too many. */
export type Listed = ReadonlyMap<string, string | null> & { readonly tooMany: ReadonlySet<string> }

const tables = { services: 'service', specialties: 'specialty' } as const
type List = keyof typeof tables

/**
 * The entries of a list that a register names.
 * @param created those that the establishment has not are added here, under ids that stand for them until they are stored
 */
export async function listed(
  db: TenantDb,
  list: List,
  names: Iterable<string | null>,
  created: Created[],
): Promise<Listed> {
  const ids = new Map<string, string | null>()
  const tooMany = new Set<string>()
  const known = new Map(
    (await allEntries(db, tables[list])).map(({ name_key, id, active }) => [name_key, active ? id : null]),
  )
  let added = 0
  for (const name of names) {
    if (name === null || ids.has(name)) continue
    const key = foldText(name)
    if (!known.has(key) && added < MOST_NEW) {
      const entry = { list, name, id: uuidv7() }
      created.push(entry)
      added++
      known.set(key, entry.id)
    }
    if (!known.has(key)) tooMany.add(name)
    ids.set(name, known.get(key) ?? null)
  }
  return Object.assign(ids, { tooMany })
}

/** The establishment's services as a list names them; one that is not there comes with the first line that is stored. */
export class NamedServices {
  readonly #byKey: Map<string, { id: string; active: boolean }>
  #added = 0

  constructor(entries: readonly { id: string; name_key: string; active: boolean }[]) {
    this.#byKey = new Map(entries.map(({ name_key, id, active }) => [name_key, { id, active }]))
  }

  /** Its id; undefined for one that is not there. */
  idOf = (name: string): string | undefined => this.#byKey.get(foldText(name))?.id

  /**
   * @param isClosed of what is closed itself, a closed service is no fault
   * @throws invalid_input for one that is closed, or a column taken for another
   */
  assertOffered(name: string, isClosed = false): void {
    const found = this.#byKey.get(foldText(name))
    if (found && !found.active && !isClosed) throw invalidInput({ path: 'serviceId', message: closed })
    if (!found && this.#added >= MOST_NEW) throw invalidInput({ path: 'serviceId', message: tooManyNew })
  }

  /** Its id, added when there is none. */
  async store(db: TenantDb, actor: Actor, name: string, created: Created[]): Promise<string> {
    const found = this.idOf(name)
    if (found !== undefined) return found
    const { id } = await findOrInsertService(db, actor, name)
    this.#byKey.set(foldText(name), { id, active: true })
    this.#added++
    created.push({ list: 'services', name, id })
    return id
  }
}

export const namedServices = async (db: TenantDb): Promise<NamedServices> =>
  new NamedServices(await allEntries(db, 'service'))

const closed = text(
  'Ce service est fermé : indiquez un service ouvert, ou rouvrez-le d’abord.',
  'This service is closed: give one that is open, or open it again first.',
)
export const tooManyNew = text(
  `Cette entrée n’est pas dans la liste, et ${MOST_NEW} autres y seraient déjà ajoutées : corrigez la colonne, ou ajoutez-la d’abord.`,
  `This entry is not in the list, and ${MOST_NEW} others would be added already: correct the column, or add it first.`,
)

const insertEntry = { services: findOrInsertService, specialties: findOrInsertSpecialty }

/** Adds services and specialties that the establishment has not. @returns the ids that they have now, by those that stood for them */
export async function storeListed(
  db: TenantDb,
  actor: Actor,
  created: readonly Created[],
): Promise<Map<string, string>> {
  const ids = new Map<string, string>()
  for (const { list, name, id } of created)
    if (list in insertEntry) ids.set(id, (await insertEntry[list as List](db, actor, name)).id)
  return ids
}

/** What a name is in a list, with a warning where it is left out. */
export function entryIn(
  names: Listed,
  name: string | null,
  line: number,
  column: string,
  warnings: Note[],
): string | null {
  if (name === null) return null
  const id = names.get(name) ?? null
  if (id === null) warnings.push({ line, column, message: names.tooMany.has(name) ? tooManyNew : notOffered })
  return id
}

const notOffered = text(
  "Cette entrée n'est plus dans la liste de l'établissement : laissée de côté.",
  "This entry is no longer in the establishment's list: left out.",
)

type Coded = { line: number; codes: readonly string[] }

export const knownCodes = (db: TenantDb, written: Iterable<string>): Promise<Map<string, KnownCode>> =>
  findIcd10Codes(db, [...new Set([...written].map(tidyCode))].slice(0, 20_000))

const MOST_CODES = 20

/** A cell's codes that the nomenclature has, the first being the main one; a warning for the others. */
export function codesOf(
  { line, codes: written }: Coded,
  known: ReadonlyMap<string, KnownCode>,
  warnings: Note[],
  unknown: Text,
  column: string = headingOf('codes'),
) {
  const codes = [...new Set(written.map(tidyCode).filter((code) => known.has(code)))].slice(0, MOST_CODES)
  if (!written.every((code) => known.has(tidyCode(code)))) warnings.push({ line, column, message: unknown })
  return codes.map((code, i) => ({ code, role: i === 0 ? ('main' as const) : ('secondary' as const) }))
}
