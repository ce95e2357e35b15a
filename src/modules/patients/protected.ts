import type { TenantDb } from '#tenancy'
import { fileNumberOf } from './record.ts'
import { tidyNumber } from './rules/identity.ts'
import { readSearch } from './rules/search.ts'
import type { ProtectedFile } from './list-schemas.ts'
import { isVisible, type Viewer } from './visibility.ts'

// Shorter numbers are those of a telephone or a rank.
const CARD = 6

/**
 * The files that `viewer` may not see, asked for by a number in full: that of the file, the NINA or the AMO card. Whoever
 * holds the paper or the card can open them by a break-glass; names, parts of numbers and telephones never find them.
 */
export async function findProtected(db: TenantDb, viewer: Viewer, q: string): Promise<ProtectedFile[]> {
  const { fileNumber } = readSearch(q)
  const card = tidyNumber(q)
  if (!fileNumber && !(card.length >= CARD && /\d/.test(card))) return []
  const rows = await db
    .selectFrom('patient')
    .select(['patient.id', 'patient.file_year', 'patient.file_number'])
    .where((eb) =>
      fileNumber
        ? eb.and([eb('file_year', '=', fileNumber.year), eb('file_number', '=', fileNumber.number)])
        : eb.or([eb('nina', '=', card), eb('amo_number', '=', card)]),
    )
    .where('hidden_at', 'is', null)
    .where((eb) => eb.not(isVisible(eb, viewer)))
    .limit(10)
    .execute()
  return rows.map((row) => ({ id: row.id, fileNumber: fileNumberOf(row) }))
}
