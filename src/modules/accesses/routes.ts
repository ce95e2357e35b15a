import { Type } from 'typebox'
import type { Tenancy } from '#tenancy'
import { listAccesses, type AccessOfPatient } from '../../platform/audit/index.ts'
import { unchanged, type Routes } from '../../platform/http/index.ts'
import type { ModuleDefinition } from '../../platform/modules/index.ts'
import { today } from '../../shared/clock.ts'
import { responses } from '../../shared/schemas.ts'
import { getKeptPatient, listPatientGlasses } from '../patients/index.ts'
import { accessesPage, pagePolicy } from './page.ts'
import { ownReason } from './reasons.ts'
import { AccessPage, AccessPath, AccessQuery } from './schemas.ts'
import { wordsOf } from './words.ts'

/** Lines of a printed page: about 200 sheets. */
const mostPrinted = 5_000

/** Who opened a patient's file: for the patient, who asks for it at the desk. */
export const accessRoutes =
  ({ tenancy }: { tenancy: Tenancy }, modules: readonly ModuleDefinition[]): Routes =>
  async (app) => {
    const acts = wordsOf(modules)
    app.get(
      '/patients/:id/accesses',
      {
        config: {
          right: 'patients:read',
          access: { action: 'patient.accesses', patients: (_, { params }) => [(params as AccessPath).id] },
        },
        schema: {
          operationId: 'listPatientAccesses',
          tags: ['patient rights'],
          summary: 'Who opened this patient’s file',
          description:
            'Each reading, search, list, export, print and change that met with the file in this establishment, newest first; hidden files too. ' +
            'With `format=html` one page to be printed for the patient. Asking is on record itself.',
          params: AccessPath,
          querystring: AccessQuery,
          response: {
            ...responses({}, 'patient_not_found', 'patient_protected', 'invalid_cursor'),
            304: unchanged,
            200: {
              description: 'The accesses',
              content: {
                'application/json': { schema: AccessPage },
                'text/html': { schema: Type.Unsafe<unknown>(Type.String({ description: 'The page' })) },
              },
            },
          },
        },
      },
      async (request, reply) => {
        const { tenant, params, query, language } = request
        const { establishment } = tenant
        const { format = 'json', ...asked } = query
        const { patient, glasses } = await tenant.read(async (db) => ({
          patient: await getKeptPatient(db, request.actor, params.id),
          glasses: new Set((await listPatientGlasses(db, params.id)).map(({ id }) => id)),
        }))
        const list = async (limit: number, cursor?: string) => {
          const page = await tenancy.platform.read('audit', (db) =>
            listAccesses(db, establishment, params.id, { ...asked, limit, ...(cursor !== undefined && { cursor }) }),
          )
          return { ...page, items: page.items.map((one) => ({ ...one, reason: ownReason(one.reason, glasses) })) }
        }
        if (format === 'json') return list(asked.limit ?? 20, asked.cursor)
        const accesses: AccessOfPatient[] = []
        let cursor = asked.cursor
        do {
          const page = await list(500, cursor)
          accesses.push(...page.items)
          cursor = page.nextCursor ?? undefined
        } while (cursor !== undefined && accesses.length < mostPrinted)
        const isCut = cursor !== undefined
        void reply.header('content-security-policy', pagePolicy).type('text/html; charset=utf-8')
        return accessesPage({ establishment, patient, accesses, isCut, today: today(), acts }, language)
      },
    )
  }
