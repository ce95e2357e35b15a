import { changeOnce, expectedVersion, ChangeHeaders, type Routes } from '../../platform/http/index.ts'
import { responses } from '../../shared/schemas.ts'
import { refuseProtected } from '../patients/index.ts'
import { discharge, reopen } from './changes.ts'
import { removeMovement, transfer, updateMovement } from './movements.ts'
import { listMovements } from './queries.ts'
import { changed, patientOf } from './routes.ts'
import * as schemas from './schemas.ts'
import { holdModule } from './switch.ts'

const tags = ['stays']
const beds = ['bed_taken', 'bed_unavailable'] as const

/** What happens to a patient in a ward: moves, leaves, and comes back from a discharge that was wrong. */
export const wardRoutes: Routes = async (app) => {
  app.get(
    '/stays/:id/movements',
    {
      config: { right: 'stays:read', access: { action: 'stay.movements', patients: patientOf } },
      schema: {
        operationId: 'listMovements',
        tags,
        summary: 'Where the patient was during a stay',
        description: 'Services and beds from the admission on, without a gap; the last one ends with the stay.',
        params: schemas.StayPath,
        response: responses({ 200: schemas.Movements }, 'stay_not_found', 'patient_protected'),
      },
    },
    async (request) => request.tenant.read((db) => listMovements(db, request.actor, request.params.id)),
  )

  app.post(
    '/stays/:id/transfers',
    {
      config: { right: 'stays:write', access: { action: 'stay.transfer', patients: patientOf } },
      schema: {
        operationId: 'transferPatient',
        tags,
        summary: 'Move a patient to another bed or service',
        description:
          'From an instant on, to a bed of the service or to none for want of one. A bed of another service is refused: name ' +
          'its service, or leave the service out. Needs If-Match.',
        params: schemas.StayPath,
        headers: ChangeHeaders,
        body: schemas.Transfer,
        response: responses({ 200: schemas.Stay }, ...changed, ...beds, 'stay_ended', 'conflict'),
      },
    },
    async (request, reply) => {
      const expected = expectedVersion(request)
      const { actor, params, body } = request
      return changeOnce(
        request,
        reply,
        (db) => transfer(db, actor, params.id, expected, body),
        (db, { patientId }) => refuseProtected(db, actor, patientId),
      )
    },
  )

  app.post(
    '/stays/:id/discharge',
    {
      config: { right: 'stays:write', access: { action: 'stay.discharge', patients: patientOf } },
      schema: {
        operationId: 'dischargePatient',
        tags,
        summary: 'Discharge a patient',
        description:
          'Ends the stay with its mode and final diagnosis; the bed is free from then on. A death says whether it came within ' +
          '48 hours of the admission, and agrees with the times. Needs If-Match.',
        params: schemas.StayPath,
        headers: ChangeHeaders,
        body: schemas.Discharge,
        response: responses({ 200: schemas.Stay }, ...changed, 'stay_ended'),
      },
    },
    async (request, reply) => {
      const expected = expectedVersion(request)
      const { actor, params, body } = request
      return changeOnce(
        request,
        reply,
        (db) => discharge(db, actor, params.id, expected, body),
        (db, { patientId }) => refuseProtected(db, actor, patientId),
      )
    },
  )

  app.post(
    '/stays/:id/reopen',
    {
      config: { right: 'stays:write', access: { action: 'stay.reopen', patients: patientOf } },
      schema: {
        operationId: 'reopenStay',
        tags,
        summary: 'Undo a discharge that was wrong',
        description:
          'The patient never left and lies where they lay; refused when the bed or the patient has another stay since, or when ' +
          'the service was closed or the file hidden. What the discharge said stays in the history. Needs If-Match.',
        params: schemas.StayPath,
        headers: ChangeHeaders,
        body: schemas.StayReasoned,
        response: responses(
          { 200: schemas.Stay },
          ...changed,
          ...beds,
          'stay_open',
          'patient_already_admitted',
          'patient_not_found',
        ),
      },
    },
    async (request, reply) => {
      const expected = expectedVersion(request)
      const { actor, params, body, tenant } = request
      return changeOnce(
        request,
        reply,
        async (db) => {
          await holdModule(db, tenant)
          return reopen(db, actor, params.id, expected, body.reason)
        },
        (db, { patientId }) => refuseProtected(db, actor, patientId),
      )
    },
  )

  app.patch(
    '/stays/:id/movements/:movementId',
    {
      config: { right: 'stays:write', access: { action: 'stay.update', patients: patientOf } },
      schema: {
        operationId: 'updateMovement',
        tags,
        summary: 'Correct where a patient was, or since when',
        description:
          'The place before ends when this one begins; the first one begins with the stay. The whole stay has one version: ' +
          'If-Match holds that of the stay.',
        params: schemas.MovementPath,
        headers: ChangeHeaders,
        body: schemas.MovementUpdate,
        response: responses(
          { 200: schemas.Stay },
          ...changed,
          ...beds,
          'movement_not_found',
          'patient_already_admitted',
        ),
      },
    },
    async (request, reply) => {
      const expected = expectedVersion(request)
      const { actor, params, body } = request
      return changeOnce(
        request,
        reply,
        (db) => updateMovement(db, actor, params, expected, body),
        (db, { patientId }) => refuseProtected(db, actor, patientId),
      )
    },
  )

  app.delete(
    '/stays/:id/movements/:movementId',
    {
      config: { right: 'stays:write', access: { action: 'stay.update', patients: patientOf } },
      schema: {
        operationId: 'removeMovement',
        tags,
        summary: 'Undo a transfer that did not take place',
        description:
          'The patient stayed where they were; what was entered stays in the history. If-Match holds the version of the stay.',
        params: schemas.MovementPath,
        headers: ChangeHeaders,
        body: schemas.StayReasoned,
        response: responses({ 200: schemas.Stay }, ...changed, ...beds, 'movement_not_found'),
      },
    },
    async (request, reply) => {
      const expected = expectedVersion(request)
      const { actor, params, body } = request
      return changeOnce(
        request,
        reply,
        (db) => removeMovement(db, actor, params, expected, body.reason),
        (db, { patientId }) => refuseProtected(db, actor, patientId),
      )
    },
  )
}
