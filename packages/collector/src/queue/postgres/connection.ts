/**
 * The way to PostgreSQL: a pool of connections that all promise durability, and errors in the queue's own words.
 */
import pg from 'pg'
import { CollectorError, QueueFullError, QueueUnavailableError } from '../../errors.js'

export interface PostgresUrl {
  connectionString: string
  /** The schema that holds this cluster's tables; two clusters on one database take one each. Default `pixel_mirror`. */
  schema: string
}

/** How long to wait for a connection, so that an unreachable database becomes a 503 and not a hanging request. */
const CONNECT_TIMEOUT_MS = 5_000

/** How long one statement may take. Commits wait for the disk and for standbys; more than this is an outage. */
const STATEMENT_TIMEOUT_MS = 15_000

/**
 * How long the server waits for the next statement of a transaction, before it gives the connection up. A node that was frozen, or lost its network,
 * in the middle of one holds locks for so long; this and the lease are less than the fifteen seconds within which its lanes have to move.
 */
const SILENCE_TIMEOUT_MS = 4_000

const SCHEMA_NAME = /^[a-z_][a-z0-9_]{0,62}$/

/** Takes our own `schema` parameter out of the URL; everything else (`sslmode`, …) is the client library's. */
export function parsePostgresUrl(url: string): PostgresUrl {
  const parsed = new URL(url)
  const schema = parsed.searchParams.get('schema') ?? 'pixel_mirror'
  parsed.searchParams.delete('schema')
  if (!SCHEMA_NAME.test(schema)) {
    throw new QueueUnavailableError('QUEUE_URL: "schema" must be lower-case letters, digits and underscores.')
  }
  return { connectionString: parsed.href, schema }
}

export function createPool({ connectionString, schema }: PostgresUrl, maxConnections: number): pg.Pool {
  const pool = new pg.Pool({
    connectionString,
    max: maxConnections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: STATEMENT_TIMEOUT_MS,
    keepAlive: true,
    application_name: 'pixel-mirror',
    options: `-c search_path=${schema} -c synchronous_commit=on -c idle_in_transaction_session_timeout=${SILENCE_TIMEOUT_MS}`,
  })
  // A connection can also break between two statements of a transaction. The next statement fails and says so; without a listener the
  // client library would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

/** Below these a COMMIT does not mean "on stable storage", and the promise of `append()` would be a lie. */
const REQUIRED = [
  { setting: 'fsync', allowed: ['on'] },
  { setting: 'synchronous_commit', allowed: ['on', 'remote_apply'] },
  { setting: 'full_page_writes', allowed: ['on'] },
] as const

/**
 * Reads back what the server promises.
 *
 * @throws QueueUnavailableError when a commit would not be durable
 */
export async function assertDurable(pool: pg.Pool): Promise<void> {
  for (const { setting, allowed } of REQUIRED) {
    const { rows } = await pool.query<Record<string, string>>(`SHOW ${setting}`)
    const value = rows[0]?.[setting] ?? 'unknown'
    if (!(allowed as readonly string[]).includes(value)) {
      throw new QueueUnavailableError(
        `PostgreSQL has ${setting} = ${value}: a committed event could be lost. Set it to ${allowed[0]}.`,
      )
    }
  }
}

/** SQLSTATE `disk_full`. @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
const DISK_FULL = '53100'

const REMEDIES: Record<string, string> = {
  '28P01': 'The password is wrong.',
  '28000': 'The server refuses this user.',
  '3D000': 'There is no such database.',
  '42501': 'This user may not create or use the tables.',
  '57P03': 'The server is starting or stopping.',
  '25006': 'The server is read-only: a standby, not the primary.',
  '53200': 'The server has no memory left.',
  '53300': 'The server has no connection left.',
  ECONNREFUSED: 'Nobody listens there.',
  ENOTFOUND: 'The host name is unknown.',
  NO_TLS: 'It speaks no TLS, and the URL asks for it.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'Its certificate is for another host name.',
  CERT_HAS_EXPIRED: 'Its certificate has expired.',
  ...Object.fromEntries(
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'].map((code) => [
      code,
      'Nobody vouches for its certificate: name who does, with sslrootcert=FILE.',
    ]),
  ),
}

/** Any error of the client library as one of ours. Its text never holds the password or an event. */
export function asQueueError(error: unknown): Error {
  if (error instanceof CollectorError) return error
  const code = codeOf(error)
  if (code === DISK_FULL) return new QueueFullError("The database's disk is full.", { cause: error })
  const remedy = REMEDIES[code] ?? 'It does not answer as it should.'
  return new QueueUnavailableError(`PostgreSQL cannot be used (${code || 'no answer'}). ${remedy}`, { cause: error })
}

function codeOf(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  if (typeof code === 'string') return code
  // The client library's own words; it gives no code.
  return message === 'The server does not support SSL connections' ? 'NO_TLS' : ''
}

/** Runs `work` in one transaction on one connection. */
export async function transaction<Value>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Value>,
): Promise<Value> {
  const client = await pool.connect()
  let broken = false
  try {
    await client.query('BEGIN')
    const value = await work(client)
    await client.query('COMMIT')
    return value
  } catch (error) {
    broken = !(await client.query('ROLLBACK').then(
      () => true,
      () => false,
    ))
    throw error
  } finally {
    // A connection that cannot even roll back is thrown away, not put back into the pool.
    client.release(broken)
  }
}
