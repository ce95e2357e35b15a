import { ConstantBackoff, handleWhen, retry } from 'cockatiel'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Tenant } from '#tenancy'
import type { Routes } from '../../../platform/http/index.ts'
import { recordExport, type ExportRecord } from '../../../platform/audit/index.ts'
import { today } from '../../../shared/clock.ts'
import { Problem } from '../../../shared/errors.ts'
import { FairShare } from '../../../shared/fair-share.ts'
import { object, responses } from '../../../shared/schemas.ts'
import { PatientFilters } from '../../patients/index.ts'
import type { AnyRegister } from '../declaration.ts'
import { walkPatients } from './queries.ts'
import { patientSheet } from './sheets.ts'
import { streamFrom, type Writing } from './stream.ts'
import { mediaTypes, writeSheet, type Format } from './write.ts'

const tags = ['exchange']

const Format = Type.Unsafe<Format>({
  type: 'string',
  enum: ['csv', 'xlsx'],
  default: 'csv',
  description: 'csv opens right in a French spreadsheet: UTF-8 with mark, semicolons, dd/mm/yyyy, formulas defused',
})
const File = Type.Unsafe<unknown>(Type.String({ format: 'binary', description: 'The file' }))

// A weak network takes long over a big list; nothing of the database is held meanwhile.
const patience = 60 * 60_000

const what =
  'All pages of the list in one file; a connection that is cut before the end never looks like a whole file. ' +
  'The same filters as the list. '

// A page and its file are in memory for each.
const places = new FairShare({ size: 3, waiting: 10, patienceMs: 30_000 })

export const patientExport: Routes = async (app) => {
  app.get(
    '/patients/export',
    {
      config: { right: 'patients:export', load: 'bulk', access: 'route' },
      handlerTimeout: patience,
      schema: {
        operationId: 'exportPatients',
        tags,
        summary: 'Export patients',
        description: what,
        querystring: object({ format: Type.Optional(Format), ...PatientFilters.properties }),
        response: files(),
      },
    },
    async (request, reply) => {
      const { format = 'csv', ...filters } = request.query
      const pages = walkPatients(patiently(request.tenant), request.actor, filters)
      return send(
        request,
        reply,
        places,
        { name: 'patients', resource: 'patient', format, filters },
        (record, out, begin) =>
          writeSheet(
            format,
            { name: 'Patients', columns: patientSheet },
            record.pages(pages, ({ id }) => id),
            out,
            { begin },
          ),
      )
    },
  )
}

/** `GET /<name>/export`, as the register's declaration says. */
export const exportRoute =
  ({ name, table, export: of }: AnyRegister): Routes =>
  async (app) => {
    app.get(
      `/${name}/export`,
      {
        config: { right: of.right, load: 'bulk', access: 'route' },
        handlerTimeout: patience,
        schema: {
          operationId: of.operationId,
          tags,
          summary: of.summary,
          description: `${what}The CSV has the headings of a register: another establishment can import it as it is.`,
          querystring: object({ format: Type.Optional(Format), ...of.filters.properties }),
          response: files(),
        },
      },
      async (request, reply) => {
        const { format = 'csv', ...filters } = request.query
        const pages = of.walk(patiently(request.tenant), request.actor, filters, request.language)
        return send(request, reply, places, { name, resource: table, format, filters }, (record, out, begin) =>
          writeSheet(format, { name: of.sheet, columns: of.columns }, record.pages(pages, of.patientOf), out, {
            begin,
          }),
        )
      },
    )
  }

// Half a minute: a file that is under way is not given up because others are served first for a moment.
const again = retry(
  handleWhen((error) => error instanceof Problem && ['busy', 'too_many_requests'].includes(error.code)),
  { maxAttempts: 30, backoff: new ConstantBackoff(1_000) },
)
/** Reads of one page after another. */
export const patiently =
  (tenant: Tenant): Tenant['read'] =>
  (work) =>
    again.execute(() => tenant.read(work))

const files = () => ({
  ...responses({}, 'busy'),
  200: {
    description: 'The file',
    content: { [mediaTypes.csv]: { schema: File }, [mediaTypes.xlsx]: { schema: File } },
  },
})

async function send(
  request: FastifyRequest,
  reply: FastifyReply,
  places: FairShare,
  { name, resource, format, filters }: { name: string; resource: string; format: Format; filters: object },
  write: (record: ExportRecord, ...to: Parameters<Writing>) => Promise<void>,
): Promise<FastifyReply> {
  const { tenant } = request
  const record = recordExport((access) => request.recordAccess(access), {
    action: `${resource}.export`,
    exportId: request.id,
    format,
    filters: Object.keys(filters),
  })
  const recorded: Writing = async (out, begin) => {
    try {
      await write(record, out, begin)
    } catch (error) {
      await record.giveUp().catch(() => {})
      throw error
    }
  }
  const { stream } = await new Promise<Awaited<ReturnType<typeof streamFrom>>>((resolve, reject) => {
    places
      .run(tenant.establishment.id, async () => {
        const streamed = await streamFrom(recorded, (sha256) => record.finish(sha256))
        resolve(streamed)
        await streamed.finished
      })
      .catch(reject)
  })
  const file = `${name}-${tenant.establishment.slug}-${today()}.${format}`
  return reply
    .header('content-type', mediaTypes[format])
    .header('content-disposition', `attachment; filename="${file}"`)
    .send(stream)
}
