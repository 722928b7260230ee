import { fileURLToPath } from 'node:url'
import { startDemo, startNode, type Demo } from '@pixel-mirror/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { caddy, nginx, type RunningServer, type WebServer } from './web-servers.js'

/** What `pixel-mirror check --url` says about the way through a real web server, set up rightly and wrongly. */

const COMMAND = fileURLToPath(new URL('../../../collector/bin/pixel-mirror.js', import.meta.url))
const RESOLVE_SHOP = new URL('resolve-shop.mjs', import.meta.url).href
const PATH = '/m/'

interface Finding {
  about: string
  state: string
  says: string
  mend?: string
}

/** The doctor runs beside the collector, with its settings. */
async function findings(demo: Demo, server: RunningServer, settings: Record<string, string>): Promise<Finding[]> {
  const doctor = startNode(COMMAND, ['check', '--json', '--url', `${server.origin}${PATH}`], {
    cwd: demo.folder,
    env: {
      ...settings,
      PORT: new URL(demo.url).port,
      ADMIN_PORT: new URL(demo.adminUrl).port,
      NODE_OPTIONS: `--import=${RESOLVE_SHOP}`,
      NODE_EXTRA_CA_CERTS: server.authority,
    },
  })
  await doctor.ended
  const { findings: all } = JSON.parse(doctor.output().replace(/^.*?(?=\{"ok")/s, '')) as { findings: Finding[] }
  return all.filter(({ about }) => ['public address', 'visitor address', 'way through'].includes(about))
}

/** One line of the shipped file taken out, or another in its place. */
const instead =
  (line: RegExp, other = '') =>
  (shipped: string) => {
    if (!line.test(shipped)) throw new Error(`Nothing in the shipped file fits ${line}.`)
    return shipped.replace(line, () => other)
  }

const WRONG: readonly [string, (shipped: string) => string, Partial<Finding>][] = [
  [
    'the visitor’s address is kept',
    instead(/\$proxy_add_x_forwarded_for/, '""'),
    { about: 'visitor address', state: 'failed', says: expect.stringMatching(/keeps the visitor’s address/) as string },
  ],
  [
    'what visitors claim is passed on alone',
    instead(/.*set_header X-Forwarded-For.*/),
    {
      about: 'visitor address',
      state: 'failed',
      says: expect.stringMatching(/passes on what visitors claim/) as string,
    },
  ],
  [
    'the host is not passed on',
    (shipped) => instead(/.*set_header Host .*/)(instead(/.*X-Forwarded-Host.*/)(shipped)),
    { about: 'way through', state: 'failed', says: expect.stringMatching(/takes itself for 127\.0\.0\.1/) as string },
  ],
  [
    'the scheme is not passed on',
    instead(/.*X-Forwarded-Proto.*/),
    { about: 'way through', state: 'warning', says: expect.stringMatching(/not told .* HTTPS/) as string },
  ],
  [
    'cookies are taken out of requests',
    instead(/client_max_body_size/, 'proxy_set_header Cookie ""; client_max_body_size'),
    { about: 'way through', state: 'failed', says: expect.stringMatching(/do not arrive/) as string },
  ],
  [
    'cookies are taken out of answers',
    instead(/client_max_body_size/, 'proxy_hide_header Set-Cookie; client_max_body_size'),
    { about: 'way through', state: 'failed', says: expect.stringMatching(/Set-Cookie is taken out/) as string },
  ],
  [
    'only reading is let through',
    instead(/client_max_body_size/, 'limit_except GET { deny all; } client_max_body_size'),
    { about: 'way through', state: 'failed', says: expect.stringMatching(/do not arrive: .* 403/) as string },
  ],
]

const startFor = (webServer: WebServer, demo: Demo, edit?: (shipped: string) => string) =>
  webServer.start({ collector: new URL(demo.url).host, path: PATH, pages: {}, ...(edit && { edit }) })

describe('the doctor', () => {
  let demo: Demo
  beforeAll(async () => {
    demo = await startDemo({ env: { TRUST_PROXY: '1' } })
  })
  afterAll(() => demo?.stop())

  it.each([nginx, caddy].filter(({ isThere }) => isThere))('has nothing to mend behind $name', async (webServer) => {
    const server = await startFor(webServer, demo)

    const found = await findings(demo, server, { TRUST_PROXY: '1' })
    await server.stop()

    expect(found.map(({ about, state }) => `${about}: ${state}`)).toEqual([
      'public address: ok',
      'visitor address: ok',
      'way through: ok',
    ])
  })

  it.skipIf(!nginx.isThere).each(WRONG)('notices behind nginx when %s', async (_, edit, finding) => {
    const server = await startFor(nginx, demo, edit)

    const found = await findings(demo, server, { TRUST_PROXY: '1' })
    await server.stop()

    expect(found).toContainEqual(expect.objectContaining({ ...finding, mend: expect.any(String) as string }))
    expect(found.filter(({ state }) => state === 'failed' || state === 'warning')).toHaveLength(1)
  })
})
