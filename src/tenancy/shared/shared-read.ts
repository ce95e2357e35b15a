import { isConnectionFailure, isSerializationFailure, problemOf } from '../failures.ts'
import type { Meter, Spent } from '../meter.ts'
import { oneShotOf, type Statement } from '../statement.ts'
import { AskElsewhere, EntranceRefused, StatementFailed, type Entrance } from './shared-connection.ts'
import type { SharedReads } from './shared-reads.ts'

/**
 * A one-shot read on a shared connection, or in a transaction of its own when there is none to share, it is lost or another
 * read keeps it: a read may be asked twice.
 * @param how owned: the same read in a transaction of its own; meter, spent: told what it takes
 */
export async function sharedRead<Values extends object, Row>(
  reads: SharedReads,
  party: string,
  entrance: Entrance,
  statement: Statement<Values, Row>,
  values: Values,
  { owned, meter, spent }: { owned: () => Promise<Row[]>; meter?: Meter; spent?: Spent },
): Promise<Row[]> {
  const known = oneShotOf(statement)
  const since = performance.now()
  try {
    const rows = (await reads.read(party, entrance, known, known.values(values))) as Row[]
    meter?.statement(statement.name, since, spent)
    return rows
  } catch (error) {
    // A role that is refused is refused there as well; was it the connection, the read is answered.
    if (error instanceof AskElsewhere || error instanceof EntranceRefused) return owned()
    if (!(error instanceof StatementFailed)) throw error
    meter?.statement(statement.name, since, spent)
    if (isSerializationFailure(error.cause) || isConnectionFailure(error.cause)) return owned()
    throw problemOf(error.cause)
  }
}
