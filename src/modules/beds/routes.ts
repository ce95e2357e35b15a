import {
  changeOnce,
  createOnce,
  expectedVersion,
  IdempotencyKey,
  ChangeHeaders,
  versionedView,
  type Routes,
} from '../../platform/http/index.ts'
import { responses } from '../../shared/schemas.ts'
import { HistoryOf } from '../history/index.ts'
import { createBed, removeBed, setBedState, updateBed } from './changes.ts'
import { getBed, listBeds, listBedVersions } from './queries.ts'
import * as schemas from './schemas.ts'

const tags = ['beds']
const changed = [
  'bed_not_found',
  'version_required',
  'version_stale',
  'invalid_if_match',
  'invalid_idempotency_key',
  'idempotency_key_reused',
] as const

export const bedRoutes: Routes = async (app) => {
  app.get(
    '/beds',
    {
      config: { right: 'beds:read', access: { action: 'bed.list' } },
      schema: {
        operationId: 'listBeds',
        tags,
        summary: 'List the beds',
        description: "The establishment's beds by code, with their state. Who lies in one is told by the stays only.",
        querystring: schemas.BedQuery,
        response: responses({ 200: schemas.BedPage }, 'invalid_cursor'),
      },
    },
    async (request) => request.tenant.read((db) => listBeds(db, request.query)),
  )

  app.post(
    '/beds',
    {
      config: { right: 'beds:write' },
      schema: {
        operationId: 'createBed',
        tags,
        summary: 'Add a bed',
        description: 'Adds a bed to a service, open since a day. The same id with the same content again answers 200.',
        headers: IdempotencyKey,
        body: schemas.BedCreate,
        response: responses(
          { 200: schemas.Bed, 201: schemas.Bed },
          'bed_code_taken',
          'id_already_used',
          'invalid_idempotency_key',
          'idempotency_key_reused',
        ),
      },
    },
    (request, reply) => createOnce(request, reply, (db) => createBed(db, request.actor, request.body)),
  )

  app.get(
    '/beds/:id',
    {
      config: { right: 'beds:read', access: { action: 'bed.read' } },
      schema: {
        operationId: 'getBed',
        tags,
        summary: 'Read one bed',
        description:
          'With its service, its state and its present or last opening. The ETag also changes when somebody is laid into it.',
        params: schemas.BedPath,
        response: responses({ 200: schemas.Bed }, 'bed_not_found'),
      },
    },
    async (request, reply) => versionedView(reply, await request.tenant.read((db) => getBed(db, request.params.id))),
  )

  app.patch(
    '/beds/:id',
    {
      config: { right: 'beds:write' },
      schema: {
        operationId: 'updateBed',
        tags,
        summary: 'Rename, move, close or reopen a bed, or correct its first day',
        description:
          'From today on; what was until yesterday stays, so that past days count as they were. Not moved and not closed ' +
          'while a patient is in it. The first day of its opening is corrected where no stay contradicts it. Needs If-Match.',
        params: schemas.BedPath,
        headers: ChangeHeaders,
        body: schemas.BedUpdate,
        response: responses({ 200: schemas.Bed }, ...changed, 'bed_code_taken', 'bed_occupied'),
      },
    },
    async (request, reply) => {
      const expected = expectedVersion(request)
      const { actor, params, body } = request
      return changeOnce(request, reply, (db) => updateBed(db, actor, params.id, expected, body))
    },
  )

  app.put(
    '/beds/:id/state',
    {
      config: { right: 'beds:state' },
      schema: {
        operationId: 'setBedState',
        tags,
        summary: 'Say the state of an empty bed',
        description:
          'Free, being cleaned, or out of order. A bed where a patient lies is occupied, and nobody sets that by hand. ' +
          'Needs If-Match.',
        params: schemas.BedPath,
        headers: ChangeHeaders,
        body: schemas.BedStateChange,
        response: responses({ 200: schemas.Bed }, ...changed, 'bed_occupied'),
      },
    },
    async (request, reply) => {
      const expected = expectedVersion(request)
      const { actor, params, body } = request
      return changeOnce(request, reply, (db) => setBedState(db, actor, params.id, expected, body.state))
    },
  )

  app.delete(
    '/beds/:id',
    {
      config: { right: 'beds:write' },
      schema: {
        operationId: 'removeBed',
        tags,
        summary: 'Remove a bed that was never used',
        description:
          'Entered by mistake. One that a stay or its history refers to is closed instead: PATCH with "active": false. Needs If-Match.',
        params: schemas.BedPath,
        headers: ChangeHeaders,
        body: schemas.BedRemove,
        response: responses({ 204: schemas.Nothing }, ...changed, 'bed_in_use'),
      },
    },
    async (request, reply) => {
      const expected = expectedVersion(request)
      const { actor, params, body } = request
      return changeOnce(request, reply, async (db) => {
        await removeBed(db, actor, params.id, expected, body.reason)
        return null
      })
    },
  )

  app.get(
    '/beds/:id/history',
    {
      config: { right: 'beds:read', access: { action: 'bed.history' } },
      schema: {
        operationId: 'getBedHistory',
        tags,
        summary: 'All versions of a bed',
        description: 'Newest first: its codes, services, states and openings, who changed them, when and why.',
        params: schemas.BedPath,
        response: responses({ 200: HistoryOf(schemas.BedVersion) }, 'bed_not_found'),
      },
    },
    async (request) => ({ items: await request.tenant.read((db) => listBedVersions(db, request.params.id)) }),
  )
}
