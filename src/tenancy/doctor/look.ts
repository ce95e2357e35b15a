import type { TLSSocket } from 'node:tls'
import pg from 'pg'
import type { OwnerSession } from '../owner/connection.ts'

/** A database seen without any right to change it: one READ ONLY transaction, in which all statements see the same instant. */
export type Look = Pick<OwnerSession, 'query'> & {
  /** What is on the way from here to the server. */
  way: Way
}

export type Way = {
  /** Over a socket of this machine: nobody can listen in between. */
  isLocal: boolean
  isEncrypted: boolean
  /** The server showed a certificate that we trust, for this very host. */
  isVerified: boolean
  /** Somebody between us and PostgreSQL answers in its name, as PgBouncer does: the process it names is not the server's. */
  isPooled: boolean
}

/**
 * Opens a connection of its own, reads, closes it.
 * @throws whatever the connection or `work` throws
 */
export async function lookAt<T>(url: string, work: (look: Look) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'sis-doctor',
    connectionTimeoutMillis: 5_000,
    query_timeout: 60_000,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    // The path: whoever may create in `public` must not be called with the owner's rights. Catalogue queries have wild
    // estimates, compiling them costs more than running them.
    await client.query(
      `begin isolation level repeatable read, read only;
       set local search_path = pg_catalog, pg_temp; set local statement_timeout = '50s'; set local jit = off`,
    )
    const query = async <R extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<R[]> =>
      (await client.query<R>({ text: sql, values })).rows
    const [backend] = await query<{ pid: number }>('select pg_backend_pid() as pid')
    const result = await work({ query, way: wayOf(client, url, backend?.pid) })
    await client.query('rollback')
    return result
  } finally {
    await client.end().catch(() => {})
  }
}

function wayOf(client: pg.Client, url: string, pid: number | undefined): Way {
  const socket = client.connection.stream as Partial<TLSSocket>
  const address = socket.remoteAddress ?? ''
  // With libpq's own meaning of sslmode, only verify-full compares the certificate's name with the host's.
  const { searchParams } = new URL(url)
  const isNameChecked = searchParams.get('uselibpqcompat') !== 'true' || searchParams.get('sslmode') === 'verify-full'
  return {
    isLocal: address === '' || address === '::1' || /^(::ffff:)?127\./.test(address),
    isEncrypted: socket.encrypted === true,
    isVerified: socket.authorized === true && isNameChecked,
    isPooled: (client as unknown as { processID: number | null }).processID !== pid,
  }
}
