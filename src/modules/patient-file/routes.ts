import { Type } from 'typebox'
import type { Tenancy } from '#tenancy'
import { audit } from '../../platform/audit/index.ts'
import type { Routes } from '../../platform/http/index.ts'
import { today } from '../../shared/clock.ts'
import { FairShare } from '../../shared/fair-share.ts'
import { object, responses } from '../../shared/schemas.ts'
import { patiently, streamFrom, type RegisterOf, type Streamed } from '../exchange/index.ts'
import { Delivery } from './delivery.ts'
import { writeJson } from './json.ts'
import { writePaper } from './paper.ts'
import { openFile, walkVisits } from './queries.ts'
import { FileFormat, FilePath, patientFileSchema } from './schemas.ts'
import type { FileSection } from './section.ts'

const mediaTypes = { json: 'application/json; charset=utf-8', pdf: 'application/pdf' } as const
const acts = { json: 'patient.export', pdf: 'patient.print' } as const

// A weak network takes long over a thick file; nothing of the database is held meanwhile.
const patience = 60 * 60_000

export const patientFileRoutes =
  ({ tenancy }: { tenancy: Tenancy }, sections: readonly FileSection[], registers: readonly RegisterOf[]): Routes =>
  async (app) => {
    // A page of visits and what of it is written are in memory for each.
    const places = new FairShare({ size: 3, waiting: 10, patienceMs: 30_000 })

    app.get(
      '/patients/:id/file',
      {
        config: { right: 'patients:export', access: 'route', load: 'bulk' },
        handlerTimeout: patience,
        schema: {
          operationId: 'getPatientFile',
          tags: ['patient rights'],
          summary: 'The whole file of a patient, for the patient',
          description:
            'All that the establishment keeps about one patient: identity, visits, stays, every version with who, when and why, oppositions, registers ' +
            'taken over; hidden records too. The file’s SHA-256 is put on record (action `patient.exported` or `patient.printed`). ' +
            'A connection that is cut before the end never looks like a whole file.',
          params: FilePath,
          querystring: object({ format: Type.Optional(FileFormat) }),
          response: {
            ...responses({}, 'patient_not_found', 'patient_protected', 'busy'),
            200: {
              description: 'The file',
              content: {
                'application/json': { schema: patientFileSchema(sections) },
                'application/pdf': {
                  schema: Type.Unsafe<unknown>(Type.String({ format: 'binary', description: 'The file' })),
                },
              },
            },
          },
        },
      },
      async (request, reply) => {
        const { tenant, actor } = request
        const { id } = request.params
        const { format = 'json' } = request.query
        const read = patiently(tenant)
        const record = (action: string, detail: Record<string, unknown>): Promise<void> =>
          tenant.transaction((db) =>
            audit(db, actor, { action, resource: 'patient', resourceId: id, patientId: id, detail }),
          )
        const opened = await openFile(read, tenancy, tenant.establishment, registers, actor, id)
        // On record before anything leaves: who took a copy, and when.
        await record(acts[format], { format })
        const { stream } = await new Promise<Streamed>((resolve, reject) => {
          places
            .run(tenant.establishment.id, async () => {
              const streamed = await streamFrom(async (out, begin) => {
                const delivery = new Delivery(out, begin)
                const write = format === 'pdf' ? writePaper : writeJson
                const counts = await write(
                  opened,
                  walkVisits(read, actor, opened),
                  delivery,
                  sections.map((section) => ({ ...section, pages: section.walk(read, actor, id) })),
                )
                await delivery.finish((made) => record(`${acts[format]}ed`, { format, ...counts, ...made }))
              })
              resolve(streamed)
              await streamed.finished
            })
            .catch(reject)
        })
        const name = `dossier-${opened.head.patient.fileNumber}-${today()}.${format}`
        return reply
          .header('content-type', mediaTypes[format])
          .header('content-disposition', `attachment; filename="${name}"`)
          .send(stream)
      },
    )
  }
