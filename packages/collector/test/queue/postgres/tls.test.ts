import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, startPostgres, type TestPostgres } from '@pixel-mirror/testing'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { QueueUnavailableError } from '../../../src/errors.js'
import { openPostgresQueue } from '../../../src/queue/postgres/open-postgres-queue.js'
import type { Queue } from '../../../src/queue/queue.js'
import { someEvents } from '../queue-contract.js'

const HAS_OPENSSL = process.env['CI'] === 'true' || spawnSync('openssl', ['version']).status === 0

const open = (url: string): Promise<Queue> =>
  openPostgresQueue(url, {
    maxBytes: 1e9,
    log: { info() {}, warn() {}, error() {} },
    observe: () => undefined,
    now: Date.now,
  })

const refused = (url: string) =>
  open(url).then(
    () => undefined,
    (error: unknown) => error as Error,
  )

describe.skipIf(!HAS_OPENSSL)('a PostgreSQL that speaks TLS (needs openssl)', () => {
  let server: TestPostgres
  let folder: string
  let certificate: string

  /** Signed by nobody but itself. */
  function makeCertificate(name: string): { key: string; certificate: string } {
    const [key, certificate] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)]
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
    const { status } = spawnSync('openssl', ['req', '-x509', ...kind, ...subject, '-keyout', key, '-out', certificate])
    expect(status).toBe(0)
    return { key, certificate }
  }

  async function sql(text: string, url = `${server.url}/postgres`): Promise<pg.QueryResult> {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    return client.query(text).finally(() => client.end())
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pixel-mirror-tls-'))
    server = await startPostgres()
    const own = makeCertificate('server')
    certificate = own.certificate
    const { uid, gid } = statSync(server.dataFolder)
    for (const [from, name] of [
      [own.key, 'server.key'],
      [own.certificate, 'server.crt'],
    ] as const) {
      const path = join(server.dataFolder, name)
      copyFileSync(from, path)
      chownSync(path, uid, gid)
      chmodSync(path, 0o600)
    }
    expect((await refused(`${server.url}/postgres?sslmode=verify-full`))?.message).toMatch(/speaks no TLS/)
    await sql('ALTER SYSTEM SET ssl = on')
    await sql('SELECT pg_reload_conf()')
    await eventually('the server to speak TLS', async () => {
      const { rows } = await sql('SHOW ssl')
      return (rows as { ssl: string }[])[0]?.ssl === 'on'
    })
  })
  afterAll(async () => {
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const urlWith = (parameters: string, host = 'localhost') =>
    `postgres://postgres:test-only@${host}:${server.port}/postgres?${parameters}`

  it('is used by TLS when its authority and its name are right', async () => {
    const queue = await open(urlWith(`sslmode=verify-full&sslrootcert=${certificate}`))

    await queue.append(someEvents(3))

    const { rows } = await sql(
      "SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'pixel-mirror'",
    )
    expect(rows).toEqual([{ ssl: true }])
    await queue.close()
  })

  it.each([
    ['nobody vouches for its certificate', () => urlWith('sslmode=verify-full'), /name who does, with sslrootcert/],
    [
      'somebody else is to vouch for it',
      () => urlWith(`sslmode=verify-full&sslrootcert=${makeCertificate('other').certificate}`),
      /name who does, with sslrootcert/,
    ],
    [
      'its certificate is for another host',
      () => urlWith(`sslmode=verify-full&sslrootcert=${certificate}`, '127.0.0.1'),
      /for another host name/,
    ],
  ])('is refused, clearly, when %s', async (_, url, message) => {
    const error = await refused(url())

    expect(error).toBeInstanceOf(QueueUnavailableError)
    expect(error?.message).toMatch(message)
  })
})
