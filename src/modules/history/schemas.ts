import { Type, type TSchema } from 'typebox'
import { nullable, object, Timestamp, Uuid } from '../../shared/schemas.ts'

/** Every version of a record, newest first: what it said, who wrote it, when and why. */
export const HistoryOf = <S extends TSchema>(data: S) =>
  object({
    items: Type.Array(
      object({
        version: Type.Integer({ minimum: 1 }),
        at: Timestamp,
        by: object({ id: nullable(Uuid), name: Type.String() }),
        action: Type.Union([
          Type.Literal('create'),
          Type.Literal('update'),
          Type.Literal('hide'),
          Type.Literal('import'),
        ]),
        reason: nullable(Type.String()),
        data,
      }),
    ),
  })
