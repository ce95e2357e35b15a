import { createHash } from 'node:crypto'
import { Type } from 'typebox'
import type { Tenancy } from '#tenancy'
import { csvLines, UTF8_MARK } from '../../shared/csv.ts'
import { responses } from '../../shared/schemas.ts'
import type { Routes } from '../http/index.ts'
import { listEntries } from './queries.ts'
import { AuditFilters, AuditPage, AuditQuery, type AuditEvent } from './schemas.ts'

/** Lines of one file: some 5 MB in memory. A longer record is taken by periods. */
const mostLines = 20_000

/** An establishment's own record, for its administrators: what was done, by whom, never a clinical value. */
export const auditRoutes =
  ({ tenancy }: { tenancy: Tenancy }): Routes =>
  async (app) => {
    app.get(
      '/audit',
      {
        config: { right: 'audit:read', access: { action: 'audit.list' } },
        schema: {
          operationId: 'listAudit',
          summary: 'Read the establishment’s record',
          description: 'Newest first. It also holds every act of the platform’s administrators on this establishment.',
          tags: ['audit'],
          querystring: AuditQuery,
          response: responses({ 200: AuditPage }, 'invalid_cursor', 'right_missing'),
        },
      },
      (request) => tenancy.platform.read('audit', (db) => listEntries(db, request.tenant.establishment, request.query)),
    )

    app.get(
      '/audit/export',
      {
        // What the handler says of the file stands in for the answer, which is a text.
        config: { right: 'audit:read', access: { action: 'audit.export', detail: (file) => file as object } },
        schema: {
          operationId: 'exportAudit',
          summary: 'Export the establishment’s record',
          description: `CSV for a French spreadsheet, newest first, with the filters of the list; ${mostLines} lines at most, and when there are more a last line that says so: ask for a shorter period.`,
          tags: ['audit'],
          querystring: AuditFilters,
          response: {
            ...responses({}, 'right_missing'),
            200: {
              description: 'The file',
              content: {
                'text/csv; charset=utf-8': {
                  schema: Type.Unsafe<unknown>(Type.String({ format: 'binary', description: 'The file' })),
                },
              },
            },
          },
        },
      },
      async (request, reply) => {
        const { establishment } = request.tenant
        const items: AuditEvent[] = []
        let cursor: string | undefined
        do {
          const query = { ...request.query, limit: 1_000, ...(cursor !== undefined && { cursor }) }
          const page = await tenancy.platform.read('audit', (db) => listEntries(db, establishment, query))
          items.push(...page.items)
          cursor = page.nextCursor ?? undefined
        } while (cursor !== undefined && items.length < mostLines)
        const more =
          cursor === undefined ? [] : [[`… (plus de ${mostLines} lignes : choisissez une période plus courte)`]]
        const file = UTF8_MARK + csvLines([headings, ...items.map(toLine), ...more])
        request.shown = { rows: items.length, sha256: createHash('sha256').update(file).digest('hex') }
        return reply
          .header('content-disposition', `attachment; filename="journal-${establishment.slug}.csv"`)
          .type('text/csv; charset=utf-8')
          .send(file)
      },
    )
  }

const headings = ['Date (UTC)', 'Personne', 'Fonction', 'Acte', 'Issue', 'Objet', 'Identifiant', 'Patients', 'Motif', 'Adresse', 'Demande', 'Précisions'] // prettier-ignore

const toLine = ({ at, actor, action, outcome, target, patients, reason, ip, requestId, detail }: AuditEvent) => [
  at,
  actor.name,
  actor.role,
  action,
  outcome,
  target?.type,
  target?.id,
  patients.join(' '),
  reason,
  ip,
  requestId,
  detail.map(({ name, value }) => `${name} : ${value}`).join(' ; '),
]
