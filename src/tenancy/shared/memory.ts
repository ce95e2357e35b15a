/**
 * What a backend of PostgreSQL 18 keeps and never gives back (RssAnon, 80 establishments, our 15 tables; megabytes): 2.2 when
 * it is new; of each establishment 0.40 when all tables were touched, 0.27 those of a list of consultations; the plan of that
 * list 0.22, of a look-up by id 0.01.
 */
const mb = { backend: 6, establishment: 0.4, statement: 0.12 }

/** What is known of a connection's backend. */
export type Weighed = { readonly establishments: number; readonly statements: number }

export const weigh = ({ establishments, statements }: Weighed): number =>
  mb.backend + establishments * mb.establishment + statements * mb.statement

/**
 * The memory that the connections of one process may take in PostgreSQL. It is shared as it is used: a few connections with
 * many establishments, or many with few. Past it whichever takes more than the others on average is closed.
 */
export class MemoryBudget {
  readonly budgetMb: number
  readonly #connections = new Set<Weighed>()

  constructor(budgetMb: number) {
    this.budgetMb = budgetMb
  }

  add(connection: Weighed): void {
    this.#connections.add(connection)
  }

  remove(connection: Weighed): void {
    this.#connections.delete(connection)
  }

  /** An estimate (MB). */
  get usedMb(): number {
    let sum = 0
    for (const connection of this.#connections) sum += weigh(connection)
    return sum
  }

  /** Whether this connection should be closed, and another one opened when it is needed. */
  isTooMuch(connection: Weighed): boolean {
    // A new one in its place would take as much soon: a budget below what the connections alone take would renew all, always.
    if (weigh(connection) < 1.25 * mb.backend) return false
    const used = this.usedMb
    return used > this.budgetMb && weigh(connection) * this.#connections.size >= used
  }
}
