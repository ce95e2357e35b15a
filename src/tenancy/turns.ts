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
 * @param impatient the HTTP processes refuse what they could only answer late; elsewhere everybody waits
 */
export function takeTurns(size: number, impatient: boolean): Turns {
  const share = new FairShare({
    size,
    // The HTTP processes bound the requests in flight of an establishment well below this line.
    waiting: impatient ? 1_000 : 100_000,
    // Longer than the server lets anybody wait for a lock (4 s): whoever stands behind such a wait is still served.
    patienceMs: impatient ? 5_000 : 60_000,
    // At three times what is served, three times 250 ms are the longest wait; sixteen may wait however slow the machine is.
    ...(impatient && { standing: { ms: 250, most: 16 } }),
  })
  return {
    ofTenant: (establishmentId, work) => share.run(establishmentId, work),
    ofPlatform: (work) => share.run(platform, work),
  }
}
