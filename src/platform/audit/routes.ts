import type { Tenancy } from '#tenancy'
import { responses } from '../../shared/schemas.ts'
import type { Routes } from '../http/index.ts'
import { listEntries } from './queries.ts'
import { AuditPage, AuditQuery } from './schemas.ts'

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
  }
