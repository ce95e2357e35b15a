import { jsonText, type TenantDb } from '#tenancy'

/** Whose operation it is and what was asked; a repetition has the same. */
export type OperationKey = { account_id: string; route: string; key: string; request_hash: string }

/** What a statement needs that stores an operation's key together with what it created. */
export type KeyedValues = OperationKey & { status: number; answer: string }

type ValueOf<Values> = <K extends keyof Values>(key: K) => Values[K]

/** The row of `idempotency_key`, for such a statement. */
export const keyedRow = (value: ValueOf<KeyedValues>) => ({
  account_id: value('account_id'),
  route: value('route'),
  key: value('key'),
  request_hash: value('request_hash'),
  status: value('status'),
  body: jsonText(value('answer')),
})

/** Whether the operation was begun before, for the statement that reads what a creation refers to. */
export const knownKey = (db: TenantDb, value: ValueOf<OperationKey>) =>
  db
    .selectFrom('idempotency_key')
    .select('key')
    .where('account_id', '=', value('account_id'))
    .where('route', '=', value('route'))
    .where('key', '=', value('key'))
