import { FairShare } from '../shared/fair-share.ts'

// The shared tables are one more party: a rush of logins must not take the connections of the consultation rooms.
const platform = '(platform)'

/** Runs `work` when it is its turn. @throws too_many_requests, busy */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>

/** Who may use the pool's connections now. */
export type Turns = {
  ofTenant<T>(establishmentId: string, work: () => Promise<T>): Promise<T>
  ofPlatform: InTurn
}

/**
 * Without turns one establishment whose transactions wait for a lock takes all connections, and its neighbours wait with
 * it. As many turns as the pool has connections, so whoever has a turn has a connection.
 * @param size the pool's connections
 */
export function takeTurns(size: number): Turns {
  // The HTTP processes bound the requests in flight of an establishment well below this line. Longer than the server lets
  // anybody wait for a lock (4 s): whoever stands behind such a wait is still served.
  const share = new FairShare({ size, waiting: 1_000, patienceMs: 5_000 })
  return {
    ofTenant: (establishmentId, work) => share.run(establishmentId, work),
    ofPlatform: (work) => share.run(platform, work),
  }
}
