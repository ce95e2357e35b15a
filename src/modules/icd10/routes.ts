import type { Routes } from '../../platform/http/index.ts'
import { responses } from '../../shared/schemas.ts'
import { searchIcd10 } from './queries.ts'
import { Icd10Page, Icd10Query } from './schemas.ts'

export const icd10Routes: Routes = async (app) => {
  app.get(
    '/icd10',
    {
      config: { right: 'icd10:read', access: 'published' },
      schema: {
        operationId: 'searchIcd10',
        tags: ['lists'],
        summary: 'Search the CIM-10 codes',
        description:
          'The codes that a consultation may carry, with their French labels: by the beginning of a code or by words of ' +
          'the label, the likest first. Accents and capitals do not matter.',
        querystring: Icd10Query,
        response: responses({ 200: Icd10Page }, 'invalid_cursor'),
      },
    },
    async (request) => request.tenant.read((db) => searchIcd10(db, request.query)),
  )
}
