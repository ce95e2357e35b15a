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
import { HistoryOf } from '../history/index.ts'
import {
  createEntry,
  getEntry,
  listEntries,
  listServiceVersions,
  removeService,
  updateEntry,
  type Entry,
  type ListName,
} from './queries.ts'
import * as schemas from './schemas.ts'

const names = {
  // prettier-ignore
  service: { path: '/services', one: 'service', many: 'services', pascal: 'Service', pascals: 'Services', missing: 'service_not_found', taken: 'service_name_taken', inUse: ['service_in_use'] },
  // prettier-ignore
  specialty: { path: '/specialties', one: 'specialty', many: 'specialties', pascal: 'Specialty', pascals: 'Specialties', missing: 'specialty_not_found', taken: 'specialty_name_taken', inUse: [] },
} as const

const schemasOf = {
  // prettier-ignore
  service: { One: schemas.Service, Page: schemas.ServicePage, Create: schemas.ServiceCreate, Update: schemas.ServiceUpdate },
  // prettier-ignore
  specialty: { One: schemas.ListEntry, Page: schemas.ListPage, Create: schemas.ListEntryCreate, Update: schemas.ListEntryUpdate },
}

// Of the two lists' schemas the narrower types what is asked and the wider what is answered; a specialty has no more than
// its schema lets in and out.
const asService = (entry: Entry) => entry as schemas.Service

/** The four routes of one of the establishment's own lists: agents read it, its administrator keeps it. */
const listRoutes =
  (list: ListName): Routes =>
  async (app) => {
    const { path, one, many, pascal, pascals, missing, taken, inUse } = names[list]
    const { One, Page, Create, Update } = schemasOf[list] as (typeof schemasOf)['service']
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
          querystring: schemas.ListQuery,
          response: responses({ 200: Page }, 'invalid_cursor'),
        },
      },
      async (request) => {
        const { items, nextCursor } = await request.tenant.read((db) => listEntries(db, list, request.query))
        return { items: items.map(asService), nextCursor }
      },
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
          response: responses({ 200: One }, missing),
        },
      },
      async (request, reply) =>
        versioned(reply, asService(await request.tenant.read((db) => getEntry(db, list, request.params.id)))),
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
          body: Create,
          response: responses({ 200: One, 201: One }, taken, 'id_already_used', 'idempotency_key_reused'),
        },
      },
      (request, reply) =>
        createOnce(request, reply, async (db) => {
          const created = await createEntry(db, request.actor, list, request.body)
          return { ...created, body: asService(created.body), location: `/api/v1${path}/${created.body.id}` }
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
          body: Update,
          response: responses(
            { 200: One },
            missing,
            taken,
            ...inUse,
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
        return changeOnce(request, reply, async (db) =>
          asService(await updateEntry(db, actor, list, params.id, expected, body)),
        )
      },
    )
  }

/** What a service has besides: its former names, and a way off the list while nothing refers to it. */
const ownRoutes: Routes = async (app) => {
  const tags = ['lists']
  const params = object({ id: Uuid })

  app.get(
    '/services/:id/history',
    {
      config: { right: 'services:read', access: { action: 'service.history' } },
      schema: {
        operationId: 'getServiceHistory',
        tags,
        summary: 'All versions of a service',
        description:
          'Newest first: its names, head, unit and capacity, who wrote them, when and why; also of a removed one.',
        params,
        response: responses({ 200: HistoryOf(schemas.Service) }, 'service_not_found'),
      },
    },
    async (request) => ({ items: await request.tenant.read((db) => listServiceVersions(db, request.params.id)) }),
  )

  app.delete(
    '/services/:id',
    {
      config: { right: 'services:write' },
      schema: {
        operationId: 'removeService',
        tags,
        summary: 'Remove a service that nothing refers to',
        description:
          'Entered by mistake and never used. One that a consultation, a stay, a bed or an equipment refers to is closed ' +
          'instead: PATCH with "active": false. Needs If-Match.',
        params,
        headers: ChangeHeaders,
        body: schemas.ServiceRemove,
        response: responses(
          { 204: schemas.Nothing },
          'service_not_found',
          'service_in_use',
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
      const { actor, params: path, body } = request
      return changeOnce(request, reply, async (db) => {
        await removeService(db, actor, path.id, expected, body.reason)
        return null
      })
    },
  )
}

export const serviceRoutes: Routes = async (app) => {
  await app.register(listRoutes('service'))
  await app.register(ownRoutes)
  await app.register(listRoutes('specialty'))
}
