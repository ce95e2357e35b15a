import { isConnectionFailure, isSerializationFailure, problemOf } from '../failures.ts'
import { oneShotOf, type Statement } from '../statement.ts'
import { refusedRole } from '../transaction.ts'
import { AskElsewhere, EntranceRefused, StatementFailed, type Entrance } from './shared-connection.ts'
import type { SharedReads } from './shared-reads.ts'

/**
 * A one-shot read on a shared connection, or in a transaction of its own when there is none to share, it is lost or another
 * read keeps it: a read may be asked twice.
 * @param owned the same read in a transaction of its own
 */
export async function sharedRead<Values extends object, Row>(
  reads: SharedReads,
  party: string,
  entrance: Entrance,
  statement: Statement<Values, Row>,
  values: Values,
  owned: () => Promise<Row[]>,
): Promise<Row[]> {
  const known = oneShotOf(statement)
  try {
    return (await reads.read(party, entrance, known, known.values(values))) as Row[]
  } catch (error) {
    if (error instanceof AskElsewhere) return owned()
    if (error instanceof EntranceRefused) throw problemOf(refusedRole(error.cause))
    if (!(error instanceof StatementFailed)) throw error
    if (isSerializationFailure(error.cause) || isConnectionFailure(error.cause)) return owned()
    throw problemOf(error.cause)
  }
}
