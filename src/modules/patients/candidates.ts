import { similarity, type TenantDb } from '#tenancy'
import { today } from '../../shared/clock.ts'
import { isNamed } from './likeness.ts'
import { patientColumns, toPatient } from './record.ts'
import { birthWindow, duplicateScorer, isEvident, POSSIBLE, type Person } from './rules/duplicates.ts'
import { foldText, nameKey } from './rules/names.ts'
import type { DuplicateCandidate, Patient } from './schemas.ts'
import { isVisible, throughGlass, noteGlass, type Viewer } from './visibility.ts'

/** `isProtected`: whoever asked may not see the file. */
export type Match = { patient: Patient; score: number; isProtected: boolean }

// Enough for the namesakes of one age in a big register; whoever shares a card, a phone or a village comes first.
const LOOKED_AT = 100

/**
 * Who on file may be this person, likest first: those with a like name and a birth near enough, the same phone or the
 * same card, judged one by one; only scores from POSSIBLE on. Hidden records are left out; a file that `viewer` may not
 * see is left out unless it is evidently this person's, and then comes first: likeness to a name never finds it.
 */
export async function matchPatients(db: TenantDb, viewer: Viewer, person: Person): Promise<Match[]> {
  const day = today()
  const written = `${person.givenName} ${person.familyName}`
  const names = nameKey(written) || foldText(written)
  const [from, to] = birthWindow(person.birth, day)
  const rows = await db
    .selectFrom('patient')
    .select(patientColumns)
    .select((eb) => isVisible(eb, viewer).as('visible'))
    .select((eb) => throughGlass(eb, viewer).as('glass'))
    .where('hidden_at', 'is', null)
    .where((eb) =>
      eb.or([
        // The birth first: it costs nothing next to a likeness.
        eb.and([eb('born_to', '>=', from), eb('born_from', '<=', to), isNamed(eb, names)]),
        ...(person.phone ? [eb('phone', '=', person.phone)] : []),
        ...(person.nina ? [eb('nina', '=', person.nina)] : []),
        ...(person.amoNumber ? [eb('amo_number', '=', person.amoNumber)] : []),
      ]),
    )
    .orderBy((eb) =>
      eb
        .case()
        .when(eb.or([eb('nina', '=', person.nina ?? ''), eb('amo_number', '=', person.amoNumber ?? '')]))
        .then(0)
        .when('phone', '=', person.phone ?? '')
        .then(1)
        .when('village_key', '=', foldText(person.village ?? ''))
        .then(2)
        .else(3)
        .end(),
    )
    .orderBy((eb) => similarity(eb.ref('search_key'), names), 'desc')
    .limit(LOOKED_AT)
    .execute()
  const scoreOf = duplicateScorer(person)
  const matches = rows
    .map((row) => ({ row, patient: toPatient(row, day), isProtected: !row.visible }))
    .map((match) => ({ ...match, score: scoreOf(match.patient) }))
    .filter(({ patient, score, isProtected }) => (isProtected ? isEvident(person, patient, score) : score >= POSSIBLE))
    .sort((a, b) => Number(b.isProtected) - Number(a.isProtected) || b.score - a.score)
  noteGlass(
    viewer,
    matches.filter(({ isProtected }) => !isProtected).map(({ row }) => row),
  )
  return matches
}

const SHOWN = 10

/** Matches as an agent is asked about them; of a sensitive file only that it exists. */
export const toCandidates = (matches: Match[]): DuplicateCandidate[] =>
  matches.slice(0, SHOWN).map(({ patient, score, isProtected }) => {
    const { id, fileNumber, familyName, givenName, sex, birth, age, village, phone } = patient
    if (isProtected) return { id, fileNumber, protected: true }
    return patient.sensitive
      ? { id, fileNumber, score }
      : { id, fileNumber, familyName, givenName, sex, birth, age, village, phone, score }
  })
