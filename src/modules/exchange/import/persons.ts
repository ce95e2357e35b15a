import type { Selectable, TenantDb, TenantTables } from '#tenancy'
import { birthOf, isVisible, noteGlass, throughGlass, type Person, type Viewer } from '../../patients/index.ts'
import type { Filed } from './people.ts'
import { batches } from './queries.ts'

/** All patients on file whom `viewer` sees, in pages, as they are compared. */
export async function* walkPersons(db: TenantDb, viewer: Viewer): AsyncGenerator<{ id: string; person: Person }[]> {
  let after: string | undefined
  for (;;) {
    const last = after
    const rows = await db
      .selectFrom('patient')
      .select(personColumns)
      .select((eb) => throughGlass(eb, viewer).as('glass'))
      .where((eb) => isVisible(eb, viewer))
      .where('hidden_at', 'is', null)
      .$if(last !== undefined, (query) => query.where('id', '<', last ?? ''))
      // The newest first, ids being made of the time: of two who would do, that one is taken.
      .orderBy('id', 'desc')
      .limit(PAGE)
      .execute()
    noteGlass(viewer, rows)
    yield rows.map(toPerson)
    if (rows.length < PAGE) return
    after = rows.at(-1)?.id
  }
}

/** Those of these files that `viewer` sees. */
export async function findFiles(
  db: TenantDb,
  viewer: Viewer,
  numbers: readonly { year: number; number: number }[],
): Promise<Filed[]> {
  const files: Filed[] = []
  for (const year of new Set(numbers.map((one) => one.year)))
    for (const batch of batches(numbers.flatMap((one) => (one.year === year ? one.number : [])))) {
      const rows = await db
        .selectFrom('patient')
        .select([...personColumns, 'file_number'])
        .select((eb) => throughGlass(eb, viewer).as('glass'))
        .where((eb) => isVisible(eb, viewer))
        .where('hidden_at', 'is', null)
        .where('file_year', '=', year)
        .where('file_number', 'in', batch)
        .execute()
      noteGlass(viewer, rows)
      for (const row of rows) files.push({ ...toPerson(row), fileNumber: { year, number: row.file_number } })
    }
  return files
}

const PAGE = 2_000

const personColumns = [
  'id',
  'family_name',
  'given_name',
  'sex',
  'birth_precision',
  'birth_date',
  'estimate_value',
  'estimate_unit',
  'estimate_on',
  'phone',
  'village',
  'mother_name',
  'nina',
  'amo_number',
] as const

const toPerson = (row: Pick<Selectable<TenantTables['patient']>, (typeof personColumns)[number]>) => ({
  id: row.id,
  person: {
    familyName: row.family_name,
    givenName: row.given_name,
    sex: row.sex as Person['sex'],
    birth: birthOf(row),
    phone: row.phone,
    village: row.village,
    motherName: row.mother_name,
    nina: row.nina,
    amoNumber: row.amo_number,
  },
})
