import { Nothing } from '../../platform/auth/index.ts'
import {
  ChangeHeaders,
  changeOnce,
  createOnce,
  expectedVersion,
  IdempotencyKey,
  versioned,
  versionedView,
  type Routes,
} from '../../platform/http/index.ts'
import { responses } from '../../shared/schemas.ts'
import { HistoryOf } from '../history/index.ts'
import { correctStates, createEquipment, removeEquipment, updateEquipment } from './changes.ts'
import { getEquipment, getStates, listEquipment, listEquipmentVersions } from './queries.ts'
import * as schemas from './schemas.ts'

const tags = ['equipment']
const params = schemas.EquipmentPath
const missing = 'equipment_not_found'
const changed = [
  missing,
  'version_required',
  'version_stale',
  'invalid_if_match',
  'invalid_idempotency_key',
  'idempotency_key_reused',
] as const

export const equipmentRoutes: Routes = async (app) => {
  app.get(
    '/equipment',
    {
      config: { right: 'equipment:read', access: { action: 'equipment.list' } },
      schema: {
        operationId: 'listEquipment',
        tags,
        summary: 'List the equipment',
        description: 'By code, with the days on which each could not be used.',
        querystring: schemas.EquipmentQuery,
        response: responses({ 200: schemas.EquipmentPage }, 'invalid_cursor'),
      },
    },
    async (request) => request.tenant.read((db) => listEquipment(db, request.query)),
  )

  app.get(
    '/equipment/:id',
    {
      config: { right: 'equipment:read', access: { action: 'equipment.read' } },
      schema: {
        operationId: 'getEquipment',
        tags,
        summary: 'Read one piece of equipment',
        description:
          'With the days on which it could not be used, in all or between two days. The ETag also changes when they do.',
        params,
        querystring: schemas.PeriodQuery,
        response: responses({ 200: schemas.Equipment }, missing),
      },
    },
    async ({ tenant, params, query }, reply) =>
      versionedView(reply, await tenant.read((db) => getEquipment(db, params.id, query))),
  )

  app.get(
    '/equipment/:id/states',
    {
      config: { right: 'equipment:read', access: { action: 'equipment.states' } },
      schema: {
        operationId: 'listEquipmentStates',
        tags,
        summary: 'Its states since it is on file',
        description: 'Each lasts until the day before the next one begins.',
        params,
        response: responses({ 200: schemas.EquipmentStates }, missing),
      },
    },
    async ({ tenant, params }, reply) => versioned(reply, await tenant.read((db) => getStates(db, params.id))),
  )

  app.get(
    '/equipment/:id/history',
    {
      config: { right: 'equipment:read', access: { action: 'equipment.history' } },
      schema: {
        operationId: 'listEquipmentVersions',
        tags,
        summary: 'Every version of a piece of equipment',
        description: 'What it said, who wrote it, when and why, newest first.',
        params,
        response: responses({ 200: HistoryOf(schemas.EquipmentVersion) }, missing),
      },
    },
    async ({ tenant, params }) => ({ items: await tenant.read((db) => listEquipmentVersions(db, params.id)) }),
  )

  app.post(
    '/equipment',
    {
      config: { right: 'equipment:write' },
      schema: {
        operationId: 'createEquipment',
        tags,
        summary: 'Put equipment on file',
        description: 'The same id with the same content again answers 200.',
        headers: IdempotencyKey,
        body: schemas.EquipmentCreate,
        response: responses(
          { 200: schemas.Equipment, 201: schemas.Equipment },
          'equipment_code_taken',
          'id_already_used',
          'idempotency_key_reused',
        ),
      },
    },
    (request, reply) => createOnce(request, reply, (db) => createEquipment(db, request.actor, request.body)),
  )

  app.patch(
    '/equipment/:id',
    {
      config: { right: 'equipment:write' },
      schema: {
        operationId: 'updateEquipment',
        tags,
        summary: 'Change equipment, its state, or close it',
        description:
          'Only the given fields. A state begins today or on an earlier day that is said, not before the state that it had. ' +
          'What breaks down, and what works again, is notified. Needs If-Match.',
        params,
        headers: ChangeHeaders,
        body: schemas.EquipmentUpdate,
        response: responses({ 200: schemas.Equipment }, ...changed, 'equipment_code_taken'),
      },
    },
    async (request, reply) => {
      const expected = expectedVersion(request)
      const { actor, params, body } = request
      return changeOnce(request, reply, (db) => updateEquipment(db, actor, params.id, expected, body))
    },
  )

  app.put(
    '/equipment/:id/states',
    {
      config: { right: 'equipment:write' },
      schema: {
        operationId: 'correctEquipmentStates',
        tags,
        summary: 'Correct its states',
        description:
          'All of them, as they really were, with the reason; what stood there stays in the history. Needs If-Match.',
        params,
        headers: ChangeHeaders,
        body: schemas.StatesCorrection,
        response: responses({ 200: schemas.Equipment }, ...changed),
      },
    },
    async (request, reply) => {
      const expected = expectedVersion(request)
      const { actor, params, body } = request
      return changeOnce(request, reply, (db) => correctStates(db, actor, params.id, expected, body))
    },
  )

  app.delete(
    '/equipment/:id',
    {
      config: { right: 'equipment:write' },
      schema: {
        operationId: 'removeEquipment',
        tags,
        summary: 'Take a mistaken entry off the list',
        description:
          'Only what never changed since it was added; anything else is closed. Its history stays. Needs If-Match.',
        params,
        headers: ChangeHeaders,
        body: schemas.Removal,
        response: responses({ 204: Nothing }, ...changed, 'equipment_in_use'),
      },
    },
    async (request, reply) => {
      const expected = expectedVersion(request)
      const { actor, params, body } = request
      return changeOnce(request, reply, async (db) => {
        await removeEquipment(db, actor, params.id, expected, body.reason)
        return null
      })
    },
  )
}
