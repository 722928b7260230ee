import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { eventually, startNode, type Child } from '@pixel-mirror/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

/** A plain server: the packed collector installed by `npm install --global`, replaced while events wait, and replaced again. */

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

let folder: string
let tarballs: string[]
let children: Child[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pixel-mirror-upgrade-'))
  const { packageManager } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    packageManager: string
  }
  for (const name of ['common', 'tracker', 'sandbox', 'collector']) {
    await run('npx', ['--yes', packageManager, 'pack', '--pack-destination', folder], {
      cwd: join(ROOT, 'packages', name),
    })
  }
  tarballs = (await readdir(folder)).filter((file) => file.endsWith('.tgz')).map((file) => join(folder, file))
  await install()
})
afterAll(() => rm(folder, { recursive: true, force: true }))
afterEach(async () => {
  await Promise.all(children.map((child) => child.stop('SIGKILL')))
  children = []
})

/** Puts the version in, over whatever was there. */
const install = () =>
  run('npm', ['install', '--global', '--prefix', join(folder, 'server'), '--no-audit', '--no-fund', ...tarballs])
const remove = () =>
  run('npm', ['uninstall', '--global', '--prefix', join(folder, 'server'), '@pixel-mirror/collector'])

const MODULES = 'server/lib/node_modules/@pixel-mirror'
const COMMAND = `${MODULES}/collector/bin/pixel-mirror.js`

async function start(graphUrl: string, queueFile: string): Promise<{ url: string; adminUrl: string; child: Child }> {
  const env = {
    ...{ HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', QUEUE_URL: `sqlite:${queueFile}` },
    ...{ META_PIXEL_ID: '1234567890', META_ACCESS_TOKEN: 'a-token', META_GRAPH_URL: graphUrl },
  }
  const child = startNode(join(folder, COMMAND), ['start'], { cwd: folder, env })
  children.push(child)
  const url = (await child.printed(/Collector\s+(http:\/\/[^/\s]+)/))[1]!
  const adminUrl = (await child.printed(/Inspector\s+(http:\/\/[^/\s]+)/))[1]!
  return { url, adminUrl, child }
}

async function post(url: string, eventIds: readonly string[]): Promise<void> {
  const data = eventIds.map((event_id) => ({
    event_name: 'Lead',
    event_id,
    event_time: Math.floor(Date.now() / 1_000),
    action_source: 'website',
    event_source_url: `${url}/`,
    user_data: { fbp: 'fb.1.1700000000000.123456789' },
  }))
  const agent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Safari/537.36'
  const answer = await fetch(`${url}/events`, {
    method: 'POST',
    headers: { origin: url, 'content-type': 'text/plain', 'user-agent': agent },
    body: JSON.stringify({ data }),
  })
  expect(await answer.json()).toEqual({ events_received: eventIds.length })
}

const named = (prefix: string) => Array.from({ length: 50 }, (_, index) => `${prefix}-${index}`)

/** An address where nobody answers: Meta is down. */
const NOBODY = 'http://127.0.0.1:9'

async function startMeta(): Promise<string> {
  const child = startNode(join(folder, MODULES, 'sandbox/bin/pixel-mirror-sandbox.js'), ['--port', '0'])
  children.push(child)
  return (await child.printed(/(http:\/\/127\.0\.0\.1:\d+)/))[1]!
}

async function delivered(url: string): Promise<string[]> {
  const { copies } = (await (await fetch(`${url}/sandbox/copies`)).json()) as { copies: { event_id: string }[] }
  return copies.map(({ event_id }) => event_id).sort()
}

const arrived = (url: string, all: readonly string[]) =>
  eventually('all that was acknowledged', async () => (await delivered(url)).length >= all.length, 60_000).then(() =>
    delivered(url),
  )

describe('what has been acknowledged', () => {
  it('is delivered after an upgrade and a rollback while Meta was down, each event once', async () => {
    const queueFile = join(folder, 'state/queue.db')
    await mkdir(join(folder, 'state'), { recursive: true })

    const first = await start(NOBODY, queueFile)
    await post(first.url, named('before'))
    expect(await first.child.stop()).toBe(0)
    await remove()
    await install()
    const second = await start(NOBODY, queueFile)
    await post(second.url, named('between'))
    expect(await second.child.stop()).toBe(0)
    await install()
    const graphUrl = await startMeta()
    await start(graphUrl, queueFile)

    const all = [...named('before'), ...named('between')].sort()
    expect(await arrived(graphUrl, all)).toEqual(all)
  })

  it('cannot be opened by anybody else while the collector runs: a backup waits until it has stopped', async () => {
    await mkdir(join(folder, 'live'), { recursive: true })
    const { url } = await start(NOBODY, join(folder, 'live/queue.db'))
    await post(url, named('kept'))

    expect(() => vacuumInto(join(folder, 'live/queue.db'), join(folder, 'live/backup.db'))).toThrow('locked')
  })

  it('is in a copy of the files of a collector that has stopped', async () => {
    for (const name of ['stopped', 'moved']) await mkdir(join(folder, name), { recursive: true })
    const { url, child } = await start(NOBODY, join(folder, 'stopped/queue.db'))
    await post(url, named('moved'))
    await child.stop()

    for (const file of await readdir(join(folder, 'stopped')))
      if (file.startsWith('queue.db')) await copyFile(join(folder, 'stopped', file), join(folder, 'moved', file))
    const graphUrl = await startMeta()
    await start(graphUrl, join(folder, 'moved/queue.db'))

    expect(await arrived(graphUrl, named('moved'))).toEqual(named('moved').sort())
  })
})

/** As `sqlite3 queue.db "VACUUM INTO 'backup.db'"` does. */
function vacuumInto(file: string, backup: string): void {
  const require = createRequire(join(folder, COMMAND))
  const Database = require('libsql') as new (path: string) => { exec(sql: string): void; close(): void }
  const database = new Database(file)
  database.exec(`VACUUM INTO '${backup}'`)
  database.close()
}
