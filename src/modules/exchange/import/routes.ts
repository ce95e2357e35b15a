import multipart from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Tenant } from '#tenancy'
import type { Routes } from '../../../platform/http/index.ts'
import { today } from '../../../shared/clock.ts'
import { problem, type Problem } from '../../../shared/errors.ts'
import { FairShare } from '../../../shared/fair-share.ts'
import { object, responses, Uuid } from '../../../shared/schemas.ts'
import { text, type Language } from '../../../shared/text.ts'
import { streamFrom, writeTo } from '../export/stream.ts'
import type { Viewer } from '../../patients/index.ts'
import type { AnyRegister } from '../declaration.ts'
import { getRun, listRefused, type Run } from './queries.ts'
import { refusedFile } from './refused-file.ts'
import { MAX_BYTES, readRegister } from './register.ts'
import { importReport, MAX_LISTED, toReport, type ImportReport } from './report.ts'
import { shownTo } from './shown.ts'
import { storeRegister } from './store.ts'

const tags = ['exchange']
const path = object({ id: Uuid })

const describe = (
  registers: readonly AnyRegister[],
) => `A register as it is kept: CSV with semicolons, commas or tabs, UTF-8, UTF-16 or Windows-1252, French headings.
${registers.map(neededBy).join('\n')}
At most 20 MB and 100,000 lines, a list 5,000. Without \`register\` the headings tell which one it is; where they do not, it is asked for.

With \`dryRun=true\` (the default) nothing is stored: the report says what would be. With \`dryRun=false\` all lines that can be read are stored,
or nothing at all when the import is interrupted. The same file again, and the same line in another file, stores nothing twice.
A patient who is written in the same way, with the same phone or village and nothing against it, is taken for the same person;
whoever may be the same gets a file of their own and stands in \`proposals\`.

Services, beds and equipment are lists, which the administrator imports: a line is about the entry that has its code or name. The same content is nothing
to do, another one changes the entry with its history, and an empty cell or a line that is missing changes nothing. Services that are
not there are added. Refused lines: \`GET /imports/{id}/refused.csv\`, to be corrected and sent again.`

const neededBy = ({ name, title, needed, headings }: AnyRegister): string =>
  `${title.en} (\`${name}\`): ${needed.map((either) => either.map((column) => headings[column]![0]).join(' or ')).join(', ')}.`

export const importRoutes =
  (registers: readonly AnyRegister[]): Routes =>
  async (app) => {
    const ImportReport = importReport(registers)
    const register = Type.Optional(
      Type.Enum(
        registers.map(({ name }) => name),
        { description: 'What the file is; absent: recognised from its headings' },
      ),
    )

    /** Who may import a register reads what became of it; to others it does not exist. @throws import_not_found */
    async function ownRun({ tenant, auth }: FastifyRequest, id: string): Promise<Run> {
      const run = await tenant.read((db) => getRun(db, id))
      const register = registers.find(({ name }) => name === run.register)
      if (!register || !auth.rights.has(register.importRight)) throw problem('import_not_found')
      return run
    }

    // A file of 20 MB stays in memory from its first byte to its last line; reading registers keeps a core busy.
    const files = new FairShare({ size: 8, waiting: 10, patienceMs: 30_000 })
    const readers = new FairShare({ size: 2, waiting: 10, patienceMs: 30_000 })
    await app.register(multipart, {
      throwFileSizeLimit: true,
      limits: { files: 1, fields: 0, parts: 1, fileSize: MAX_BYTES, fieldNameSize: 100, headerPairs: 20 },
    })

    app.post(
      '/imports',
      {
        config: {
          right: 'imports:write',
          access: { action: 'import.create', patients: proposed },
          bodySeconds: 300,
          load: 'bulk',
        },
        bodyLimit: MAX_BYTES + 64 * 1024,
        handlerTimeout: 15 * 60_000,
        // The form is read by the handler: what is described here is for documentation.
        validatorCompiler: ({ schema, httpPart }) =>
          httpPart === 'body'
            ? () => true
            : app.validatorCompiler!({ schema, method: 'POST', url: '/imports', ...(httpPart && { httpPart }) }),
        schema: {
          operationId: 'importRegister',
          tags,
          summary: 'Import a register, or try to',
          description: describe(registers),
          consumes: ['multipart/form-data'],
          querystring: object({
            dryRun: Type.Optional(Type.Boolean({ default: true, description: 'false: store it' })),
            register,
          }),
          body: object({ file: Type.String({ format: 'binary', description: 'The register' }) }),
          response: responses(
            { 200: ImportReport, 201: ImportReport },
            'import_file_missing',
            'import_file_empty',
            'import_not_text',
            'import_spreadsheet',
            'import_columns_missing',
            'import_register_unclear',
            'module_disabled',
            'import_quote_open',
            'import_too_many_lines',
            'import_running',
            'payload_too_large',
            'unsupported_media_type',
            'busy',
          ),
        },
      },
      async (request, reply) => {
        const { dryRun = true, register: named } = request.query
        const { tenant, actor, auth } = request
        const party = tenant.establishment.id
        const { run, alreadyImported, met } = await files.run(party, async () => {
          const { bytes, name } = await fileOf(request)
          return readers.run(party, async () => {
            const file = await readRegister(bytes, name, today(), registers, {
              ...(named !== undefined && { named }),
              may: ({ importRight }) => auth.rights.has(importRight),
            })
            return storeRegister(tenant, actor, file, dryRun)
          })
        })
        const report = await readReport(tenant, actor, run, request.language)
        void reply.code(alreadyImported ? 200 : 201).header('location', `/api/v1/imports/${run.id}`)
        if (alreadyImported) return { ...report, alreadyImported: true as const }
        // What it stored is on record with it; whom it found on file is not.
        await request.recordAccess({
          action: 'import.read',
          resourceId: run.id,
          patients: [...proposed(report), ...met],
        })
        return report
      },
    )

    app.get(
      '/imports/:id',
      {
        config: { right: 'imports:read', access: { action: 'import.read', patients: proposed } },
        schema: {
          operationId: 'getImport',
          tags,
          summary: "Read an import's report",
          description: 'What was stored, or would have been; reports of dry runs are kept for a week.',
          params: path,
          response: responses({ 200: ImportReport }, 'import_not_found'),
        },
      },
      async (request) => {
        const run = await ownRun(request, request.params.id)
        return readReport(request.tenant, request.actor, run, request.language)
      },
    )

    app.get(
      '/imports/:id/refused.csv',
      {
        config: { right: 'imports:read', load: 'bulk', access: { action: 'import.refused' } },
        schema: {
          operationId: 'getRefusedLines',
          tags,
          summary: 'The refused lines of an import',
          description:
            'The lines as they were sent, and one more column that says why: correct them in a spreadsheet and import that file.',
          params: path,
          response: {
            ...responses({}, 'import_not_found'),
            200: {
              description: 'The file',
              content: {
                'text/csv; charset=utf-8': { schema: Type.Unsafe<unknown>(Type.String({ format: 'binary' })) },
              },
            },
          },
        },
      },
      async (request, reply) => {
        const { tenant, language } = request
        const run = await ownRun(request, request.params.id)
        const { stream } = await streamFrom(async (out, begin) => {
          begin()
          for await (const piece of refusedFile(tenant.read, run, language)) await writeTo(out, piece)
        })
        return reply
          .header('content-type', 'text/csv; charset=utf-8')
          .header('content-disposition', `attachment; filename="lignes-refusees-${request.params.id}.csv"`)
          .send(stream)
      },
    )
  }

// Who may be the same person as somebody on file is shown by the file's id.
const proposed = ({ proposals }: ImportReport): (string | null)[] =>
  proposals.flatMap(({ patientId, candidateId }) => [patientId, candidateId])

const readReport = (tenant: Tenant, viewer: Viewer, run: Run, language: Language): Promise<ImportReport> =>
  tenant.read(async (db) =>
    toReport(await shownTo(db, viewer, run), await listRefused(db, run.id, 0, MAX_LISTED), language),
  )

async function fileOf(request: FastifyRequest): Promise<{ bytes: Buffer; name: string }> {
  if (!request.isMultipart()) throw problem('import_file_missing')
  // The sender went away while this one waited in line: the reader of forms would wait for the rest for ever.
  if (request.raw.destroyed) throw unreadable()
  try {
    const file = await request.file()
    const bytes = await file?.toBuffer()
    if (!file || !bytes || file.fieldname !== 'file') throw problem('import_file_missing')
    return { bytes, name: file.filename ?? '' }
  } catch (error) {
    // The reader of forms gives no code to what it cannot read; a sender who goes away is no failure of the database.
    throw [undefined, 'ECONNRESET'].includes((error as { code?: string }).code) ? unreadable(error) : error
  }
}

const unreadable = (cause?: unknown): Problem =>
  problem('invalid_input', {
    cause,
    errors: [
      {
        path: 'file',
        message: text(
          'Ce formulaire ne se lit pas : envoyez le registre entier.',
          'This form cannot be read: send the whole register.',
        ),
      },
    ],
  })
