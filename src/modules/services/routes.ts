import {
  changeOnce,
  createOnce,
  expectedVersion,
  IdempotencyKey,
  ChangeHeaders,
  versioned,
  type Routes,
} from '../../platform/http/index.ts'
import { object, responses, Uuid } from '../../shared/schemas.ts'
import { createEntry, getEntry, listEntries, updateEntry, type ListName } from './queries.ts'
import { ListEntry, ListEntryCreate, ListEntryUpdate, ListPage, ListQuery } from './schemas.ts'

const names = {
  // prettier-ignore
  service: { path: '/services', one: 'service', many: 'services', pascal: 'Service', pascals: 'Services', missing: 'service_not_found', taken: 'service_name_taken' },
  // prettier-ignore
  specialty: { path: '/specialties', one: 'specialty', many: 'specialties', pascal: 'Specialty', pascals: 'Specialties', missing: 'specialty_not_found', taken: 'specialty_name_taken' },
} as const

/** The four routes of one of the establishment's own lists: agents read it, its administrator keeps it. */
const listRoutes =
  (list: ListName): Routes =>
  async (app) => {
    const { path, one, many, pascal, pascals, missing, taken } = names[list]
    const tags = ['lists']
    const params = object({ id: Uuid })

    app.get(
      path,
      {
        config: { right: 'services:read', access: { action: `${one}.list` } },
        schema: {
          operationId: `list${pascals}`,
          tags,
          summary: `List the ${many}`,
          description: `The establishment's ${many}, by name.`,
          querystring: ListQuery,
          response: responses({ 200: ListPage }, 'invalid_cursor'),
        },
      },
      async (request) => request.tenant.read((db) => listEntries(db, list, request.query)),
    )

    app.get(
      `${path}/:id`,
      {
        config: { right: 'services:read', access: { action: `${one}.read` } },
        schema: {
          operationId: `get${pascal}`,
          tags,
          summary: `Read one ${one}`,
          description: `One of the establishment's ${many}.`,
          params,
          response: responses({ 200: ListEntry }, missing),
        },
      },
      async (request, reply) =>
        versioned(reply, await request.tenant.read((db) => getEntry(db, list, request.params.id))),
    )

    app.post(
      path,
      {
        config: { right: 'services:write' },
        schema: {
          operationId: `create${pascal}`,
          tags,
          summary: `Add a ${one}`,
          description: `Adds a ${one} to the establishment's list. The same id with the same content again answers 200.`,
          headers: IdempotencyKey,
          body: ListEntryCreate,
          response: responses({ 200: ListEntry, 201: ListEntry }, taken, 'id_already_used', 'idempotency_key_reused'),
        },
      },
      (request, reply) =>
        createOnce(request, reply, async (db) => {
          const created = await createEntry(db, request.actor, list, request.body)
          return { ...created, location: `/api/v1${path}/${created.body.id}` }
        }),
    )

    app.patch(
      `${path}/:id`,
      {
        config: { right: 'services:write' },
        schema: {
          operationId: `update${pascal}`,
          tags,
          summary: `Rename or switch off a ${one}`,
          description: `Changes a ${one}; If-Match holds the version that was read.`,
          params,
          headers: ChangeHeaders,
          body: ListEntryUpdate,
          response: responses(
            { 200: ListEntry },
            missing,
            taken,
            'version_required',
            'version_stale',
            'invalid_if_match',
            'invalid_idempotency_key',
            'idempotency_key_reused',
          ),
        },
      },
      async (request, reply) => {
        const expected = expectedVersion(request)
        const { params, body, actor } = request
        return changeOnce(request, reply, (db) => updateEntry(db, actor, list, params.id, expected, body))
      },
    )
  }

export const serviceRoutes: Routes = async (app) => {
  await app.register(listRoutes('service'))
  await app.register(listRoutes('specialty'))
}
