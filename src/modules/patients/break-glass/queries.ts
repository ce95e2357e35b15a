import { v7 as uuidv7 } from 'uuid'
import { isBefore, type TenantDb } from '#tenancy'
import { audit } from '../../../platform/audit/index.ts'
import { countWaiting } from '../../../platform/auth/index.ts'
import { assertVersion, type Actor, type Created } from '../../../platform/http/index.ts'
import { notify } from '../../../platform/notices/index.ts'
import { now } from '../../../shared/clock.ts'
import { invalidInput, problem } from '../../../shared/errors.ts'
import { readKeys, toPage } from '../../../shared/keyset.ts'
import { text } from '../../../shared/text.ts'
import { isMember, joinTeam } from '../care-team/members.ts'
import { fileNumberOf } from '../record.ts'
import { glassAdmitted, glassOpened, glassReviewed } from './notices.ts'
import type { BreakGlass, BreakGlassPage, BreakGlassQuery, Review } from './schemas.ts'

/** The longest that a file stays open to whoever is not of the caring team. */
export const openMs = 3 * 60 * 60_000

/**
 * Opens a protected file to `actor` for three hours. Whoever asks again while it is open gets that one (200): nothing
 * lengthens it, and its review shuts the file. When it is over a new one needs a new reason.
 * @throws patient_not_found, break_glass_needless for who sees the file anyway, invalid_input
 */
export async function breakGlass(
  db: TenantDb,
  actor: Actor,
  patientId: string,
  given: string,
): Promise<Created<BreakGlass>> {
  const reason = given.trim().normalize('NFC')
  if ([...reason].length < 10) throw invalidInput({ path: 'reason', message: tooShort })
  const { id: userId } = actor
  // Two at once come one after the other.
  const patient = await db
    .selectFrom('patient')
    .select(['id', 'sensitive', 'file_year', 'file_number'])
    .where('id', '=', patientId)
    .where('hidden_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
  if (!patient) throw problem('patient_not_found')
  if (!patient.sensitive || userId === null || (await isMember(db, userId, patientId)))
    throw problem('break_glass_needless')
  const before = selectGlasses(db)
    .where('break_glass.patient_id', '=', patientId)
    .where('break_glass.user_id', '=', userId)
    .limit(1)
  const at = now()
  const open = await before
    .where('break_glass.reviewed_at', 'is', null)
    .where('break_glass.expires_at', '>', at.toISOString())
    .executeTakeFirst()
  if (open) return { body: toBreakGlass(open), status: 200 }
  if (await before.where('break_glass.reason', '=', reason).executeTakeFirst())
    throw invalidInput({ path: 'reason', message: usedBefore })
  const id = uuidv7()
  await db
    .insertInto('break_glass')
    .values({
      id,
      patient_id: patientId,
      user_id: userId,
      user_name: actor.name.slice(0, 160),
      user_role: actor.role.slice(0, 40),
      reason,
      opened_at: at.toISOString(),
      expires_at: new Date(at.getTime() + openMs).toISOString(),
    })
    .execute()
  // The reason stays where it is reviewed: what people write there may tell of the patient.
  await audit(db, actor, { action: 'break_glass.open', resource: 'break_glass', resourceId: id, patientId })
  await notify(db, glassOpened, {
    roles: ['ADMIN_LOCAL'],
    resource: 'break_glass',
    resourceId: id,
    params: { by: actor.name.slice(0, 160) },
  })
  return { body: toBreakGlass(await getGlass(db, id)) }
}

/** Every break-glass of one patient, newest first; at most a thousand. */
export async function listPatientGlasses(db: TenantDb, patientId: string): Promise<BreakGlass[]> {
  const rows = await selectGlasses(db)
    .where('break_glass.patient_id', '=', patientId)
    .orderBy('break_glass.opened_at', 'desc')
    .orderBy('break_glass.id', 'desc')
    .limit(1_000)
    .execute()
  return rows.map(toBreakGlass)
}

/** Newest first, without anything of the patient but the file number. @throws invalid_cursor */
export async function listBreakGlasses(
  db: TenantDb,
  { status, limit = 20, cursor }: BreakGlassQuery,
): Promise<BreakGlassPage> {
  const after = cursor === undefined ? undefined : readKeys(cursor)
  const rows = await selectGlasses(db)
    .$if(status !== undefined, (query) =>
      query.where('break_glass.reviewed_at', status === 'open' ? 'is' : 'is not', null),
    )
    .$if(after !== undefined, (query) =>
      query.where((eb) =>
        isBefore([eb.ref('break_glass.opened_at'), eb.ref('break_glass.id')], after!, ['timestamp', 'uuid']),
      ),
    )
    .orderBy('break_glass.opened_at', 'desc')
    .orderBy('break_glass.id', 'desc')
    .limit(limit + 1)
    .execute()
  const page = toPage(rows, limit, ({ opened_at, id }) => [opened_at, id], toBreakGlass)
  return { ...page, waiting: await countWaiting(db) }
}

/**
 * Closes a break-glass with a remark, once; a file that is still open shuts. With `admit` the person comes into the
 * caring team: the way back where none of it works here any more.
 * @throws break_glass_not_found, break_glass_own, break_glass_closed, version_stale
 */
export async function reviewBreakGlass(
  db: TenantDb,
  actor: Actor,
  id: string,
  expected: number,
  { remark, admit = false }: Review,
): Promise<BreakGlass> {
  const found = await findGlass(db, id)
  if (!found) throw problem('break_glass_not_found')
  // The patient first, as whoever changes the team.
  const patient = await db
    .selectFrom('patient')
    .select('sensitive')
    .where('id', '=', found.patient_id)
    .forUpdate()
    .executeTakeFirst()
  const row = await getGlass(db, id)
  if (row.user_id === actor.id) throw problem('break_glass_own')
  if (row.reviewed_at !== null) throw problem('break_glass_closed')
  assertVersion(row, expected)
  const admitted = admit && patient?.sensitive === true
  await db
    .updateTable('break_glass')
    .set({
      version: row.version + 1,
      reviewed_at: now().toISOString(),
      reviewed_by: actor.id,
      reviewed_by_name: actor.name.slice(0, 160),
      remark,
      admitted,
    })
    .where('id', '=', id)
    .execute()
  if (admitted)
    await joinTeam(db, actor, [
      { patientId: row.patient_id, userId: row.user_id, userName: row.user_name, origin: 'admitted', reason: remark },
    ])
  await audit(db, actor, {
    action: 'break_glass.review',
    resource: 'break_glass',
    resourceId: id,
    patientId: row.patient_id,
    detail: { admitted },
  })
  await notify(db, admitted ? glassAdmitted : glassReviewed, {
    accountId: row.user_id,
    resource: 'break_glass',
    resourceId: id,
    params: {},
  })
  return toBreakGlass(await getGlass(db, id))
}

const selectGlasses = (db: TenantDb) =>
  db
    .selectFrom('break_glass')
    .innerJoin('patient', 'patient.id', 'break_glass.patient_id')
    .select(['break_glass.id', 'break_glass.version', 'break_glass.patient_id', 'break_glass.user_id'])
    .select(['break_glass.user_name', 'break_glass.user_role', 'break_glass.reason'])
    .select(['break_glass.opened_at', 'break_glass.expires_at', 'break_glass.reviewed_at', 'break_glass.reviewed_by'])
    .select(['break_glass.reviewed_by_name', 'break_glass.remark', 'break_glass.admitted'])
    .select(['patient.file_year', 'patient.file_number'])

type Row = Awaited<ReturnType<ReturnType<typeof selectGlasses>['executeTakeFirstOrThrow']>>

const findGlass = (db: TenantDb, id: string): Promise<Row | undefined> =>
  selectGlasses(db).where('break_glass.id', '=', id).executeTakeFirst()

const getGlass = (db: TenantDb, id: string): Promise<Row> =>
  selectGlasses(db).where('break_glass.id', '=', id).executeTakeFirstOrThrow()

const toBreakGlass = (row: Row): BreakGlass => ({
  id: row.id,
  version: row.version,
  patient: { id: row.patient_id, fileNumber: fileNumberOf(row) },
  user: { id: row.user_id, name: row.user_name, role: row.user_role },
  reason: row.reason,
  openedAt: row.opened_at,
  expiresAt: row.expires_at,
  review:
    row.reviewed_at === null
      ? null
      : {
          at: row.reviewed_at,
          by: { id: row.reviewed_by, name: row.reviewed_by_name ?? '' },
          remark: row.remark ?? '',
          admitted: row.admitted,
        },
})

const tooShort = text('Un motif compte au moins 10 caractères.', 'A reason has at least 10 characters.')
const usedBefore = text(
  'Ce motif a déjà ouvert ce dossier : dites ce qui le rend de nouveau nécessaire.',
  'This reason opened this file before: say what makes it necessary again.',
)
