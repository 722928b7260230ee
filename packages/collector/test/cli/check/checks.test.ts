import { createSandbox } from '@pixel-mirror/sandbox'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkApiVersion } from '../../../src/cli/check/api-version.js'
import { checkClock } from '../../../src/cli/check/clock.js'
import { checkCookieDomain } from '../../../src/cli/check/cookie-domain.js'
import { checkDisk } from '../../../src/cli/check/disk.js'
import type { Check, CheckContext, Finding } from '../../../src/cli/check/finding.js'
import { checkOrigins } from '../../../src/cli/check/origins.js'
import { checkPublicAddress } from '../../../src/cli/check/public-address.js'
import { checkQueueServer } from '../../../src/cli/check/queue-server.js'
import { checkToken } from '../../../src/cli/check/token.js'
import { judgeAddress } from '../../../src/cli/check/visitor-address.js'
import { judgeLost, judgePassage } from '../../../src/cli/check/way-through.js'
import { PROBE_COOKIE, type SeenRequest } from '../../../src/request-probe.js'
import { loadSettings } from '../../../src/settings/load-settings.js'

const TODAY = Date.parse('2026-11-24T12:00:00Z')

/** A context by environment variables; what is not said is as it usually is. */
function context(env: Record<string, string> = {}, more: Partial<CheckContext> = {}): CheckContext {
  const token = { META_PIXEL_ID: '1234567890', META_ACCESS_TOKEN: 'token' }
  const settings = loadSettings({ env: { ...token, ...env }, readFile: missing })
  return { settings, now: () => TODAY, fetch: () => Promise.reject(new Error('no network')), ...more }
}

function missing(): never {
  throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' })
}

const answers =
  (response: Response): typeof fetch =>
  () =>
    Promise.resolve(response)

async function states(check: Check, given: CheckContext): Promise<Finding['state'][]> {
  const findings = await check(given)
  for (const { state, mend } of findings) {
    expect(Boolean(mend), 'what is not well says how to mend it').toBe(state === 'failed' || state === 'warning')
  }
  return findings.map(({ state }) => state)
}

describe('the API version', () => {
  it.each([
    ['v26.0', 'ok'],
    ['v31.0', 'ok'],
    ['v22.0', 'ok'],
    ['v21.0', 'warning'],
    ['v20.0', 'failed'],
    ['v12.0', 'failed'],
  ])('%s is %s in November 2026', async (META_API_VERSION, state) => {
    expect(await states(checkApiVersion, context({ META_API_VERSION }))).toEqual([state])
  })
})

describe('the clock', () => {
  it.each([
    [0, 'ok'],
    [2_000, 'ok'],
    [-10_000, 'warning'],
    [120_000, 'failed'],
    [-3_600_000, 'failed'],
  ])('is %i ms off: %s', async (offMs, state) => {
    const date = new Date(TODAY - offMs).toUTCString()

    expect(
      await states(checkClock, context({}, { fetch: answers(new Response(null, { headers: { date } })) })),
    ).toEqual([state])
  })

  it('cannot be compared when Meta cannot be reached', async () => {
    expect(await states(checkClock, context())).toEqual(['failed'])
  })
})

describe('origins', () => {
  it.each([
    ['https://shop.example.com', 'ok'],
    ['https://*.example.com,http://localhost:3000', 'ok'],
    ['http://shop.example.com', 'warning'],
    ['', 'ok'],
  ])('%s: %s', async (ALLOWED_ORIGINS, state) => {
    expect(await states(checkOrigins, context({ ALLOWED_ORIGINS }))).toEqual([state])
  })
})

describe('the cookie domain', () => {
  it.each([
    [{}, 'https://collect.example.com', 'ok'],
    [{ COOKIE_DOMAIN: 'example.com' }, 'https://collect.example.com/m', 'ok'],
    [{ COOKIE_DOMAIN: 'example.org' }, 'https://collect.example.com', 'failed'],
    [{ COOKIE_DOMAIN: 'ample.com' }, 'https://example.com', 'failed'],
    [{ ALLOWED_ORIGINS: 'https://www.example.com' }, 'https://collect.example.com', 'ok'],
    [{ ALLOWED_ORIGINS: 'https://www.shop.co.uk' }, 'https://collect.example.com', 'warning'],
    [{ ALLOWED_ORIGINS: 'https://*.example.com' }, 'https://collect.example.com', 'ok'],
    [{}, 'http://192.0.2.1:8080', 'warning'],
    [{}, undefined, 'skipped'],
  ])('%j at %s: %s', async (env: Record<string, string>, publicUrl, state) => {
    const given = context(env, publicUrl === undefined ? {} : { publicUrl })

    expect(await states(checkCookieDomain, given)).toEqual([state])
  })
})

describe('the public address', () => {
  const publicUrl = 'https://www.example.com/m'
  const script = { headers: { 'content-type': 'text/javascript; charset=utf-8' } }

  it.each([
    ['gives the tracker', new Response('', script), ['ok']],
    ['gives a page', new Response('', { headers: { 'content-type': 'text/html' } }), ['failed']],
    ['knows nothing', new Response('', { status: 404 }), ['failed']],
    ['redirects', new Response(null, { status: 301, headers: { location: 'https://example.com/m/' } }), ['failed']],
  ])('%s', async (_, response, expected) => {
    expect(await states(checkPublicAddress, context({}, { publicUrl, fetch: answers(response) }))).toEqual(expected)
  })

  it('cannot be reached, and says why', async () => {
    const cause = Object.assign(new Error(), { code: 'CERT_HAS_EXPIRED' })
    const fetch = () => Promise.reject(new TypeError('fetch failed', { cause }))

    const [finding] = await checkPublicAddress(context({}, { publicUrl, fetch }))

    expect(finding).toMatchObject({ state: 'failed', says: expect.stringContaining('CERT_HAS_EXPIRED') as string })
  })

  it('is reached without HTTPS', async () => {
    const given = context({}, { publicUrl: 'http://example.com', fetch: answers(new Response('', script)) })

    expect(await states(checkPublicAddress, given)).toEqual(['ok', 'warning'])
  })
})

describe('the visitor’s address', () => {
  const FORGED = '203.0.113.77'
  const URL = 'https://www.example.com'

  it.each([
    ['no proxy', { peer: '198.51.100.7', forwardedFor: [FORGED], counted: '198.51.100.7' }, 0, 'ok'],
    ['one proxy, trusted', { peer: '127.0.0.1', forwardedFor: [FORGED, '8.8.8.8'], counted: '8.8.8.8' }, 1, 'ok'],
    ['one that replaces the header', { peer: '10.0.0.1', forwardedFor: ['8.8.8.8'], counted: '8.8.8.8' }, 1, 'ok'],
    ['IPv6', { peer: '::1', forwardedFor: ['2001:db8:1:2::9'], counted: '2001:db8:1:2::' }, 1, 'ok'],
    ['one proxy, not trusted', { peer: '127.0.0.1', forwardedFor: ['8.8.8.8'], counted: '127.0.0.1' }, 0, 'failed'],
    [
      'two, one of them trusted',
      { peer: '10.0.0.1', forwardedFor: ['8.8.8.8', '10.0.0.2'], counted: '10.0.0.2' },
      1,
      'failed',
    ],
    ['one trusted, but there is none', { peer: '198.51.100.7', forwardedFor: [FORGED], counted: FORGED }, 1, 'failed'],
    [
      'more trusted than there are',
      { peer: '10.0.0.1', forwardedFor: [FORGED, '8.8.8.8'], counted: FORGED },
      2,
      'failed',
    ],
    ['a proxy that keeps it', { peer: '10.0.0.1', forwardedFor: [], counted: '10.0.0.1' }, 1, 'failed'],
  ])('%s', (_, seen, trustProxy, state) => {
    expect(judgeAddress(seen, trustProxy, URL).state).toBe(state)
  })

  it('says what TRUST_PROXY must be', () => {
    const seen = { peer: '10.0.0.1', forwardedFor: [FORGED, '8.8.8.8', '10.0.0.2'], counted: '10.0.0.1' }

    expect(judgeAddress(seen, 0, URL).mend).toBe('Set TRUST_PROXY=2.')
  })
})

describe('the way through what stands in front', () => {
  const URL = 'https://www.example.com/m'
  const seen: SeenRequest = {
    ...{ peer: '127.0.0.1', forwardedFor: ['8.8.8.8'], counted: '8.8.8.8' },
    ...{ host: 'www.example.com', secure: true },
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64) PixelMirrorDoctor/1.0',
    cookie: 'a=b; _fbp=fb.1.1700000000000.1',
  }

  it.each<[string, Partial<SeenRequest>, string[], RegExp, Finding['state']]>([
    ['changes nothing', {}, [PROBE_COOKIE], /arrive as they were sent/, 'ok'],
    ['keeps the port from the host', { host: 'www.example.com:443' }, [PROBE_COOKIE], /arrive/, 'ok'],
    [
      'names itself as host',
      { host: '127.0.0.1:8080' },
      [PROBE_COOKIE],
      /takes itself for 127\.0\.0\.1:8080/,
      'failed',
    ],
    ['keeps the scheme', { secure: false }, [PROBE_COOKIE], /not told .* HTTPS/, 'warning'],
    ['names itself as browser', { userAgent: 'Amazon CloudFront' }, [PROBE_COOKIE], /Amazon CloudFront/, 'failed'],
    ['keeps cookies', { cookie: '' }, [PROBE_COOKIE], /_fbp and _fbc do not arrive/, 'failed'],
    ['keeps Set-Cookie', {}, ['other'], /Set-Cookie is taken out/, 'failed'],
  ])('%s', (_, different, cookiesSet, says, state) => {
    const found = judgePassage({ ...seen, ...different }, cookiesSet, URL)

    expect(found).toMatchObject([{ state, says: expect.stringMatching(says) as string }])
    expect(found[0]?.mend !== undefined).toBe(state !== 'ok')
  })

  it('names everything that happened, one line each', () => {
    expect(judgePassage({ ...seen, host: 'other.example', cookie: '' }, [], URL)).toHaveLength(3)
  })

  it.each([
    ['a web server that posts to nobody', 405, 'text/html', 'failed'],
    ['another node of the cluster', 403, 'application/json; charset=utf-8', 'skipped'],
  ])('ends at %s', (_, status, contentType, state) => {
    expect(judgeLost({ status, contentType }, `${URL}/events`).state).toBe(state)
  })
})

describe('the disk', () => {
  it('is tried with a real commit, and nothing is left behind', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pixel-mirror-disk-'))

    const found = await checkDisk(context({ QUEUE_URL: `sqlite:${folder}/new/queue.db` }, { now: Date.now }))

    expect(found.map(({ says }) => says)).toContainEqual(expect.stringMatching(/^A commit takes \d+\.\d ms\.$/))
    expect(await readdir(folder)).toEqual([])
    await rm(folder, { recursive: true })
  })

  it('has less room than the queue may take', async () => {
    const found = await checkDisk(context({ MAX_QUEUE_BYTES: '9000gb' }, { now: Date.now }))

    expect(found).toContainEqual(
      expect.objectContaining({ state: 'warning', mend: expect.stringContaining('MAX_QUEUE_BYTES') as string }),
    )
  })

  it('is no matter to a queue that is elsewhere', async () => {
    expect(await states(checkDisk, context({ QUEUE_URL: 'direct:' }))).toEqual(['skipped'])
  })
})

describe('the server of the queue', () => {
  it('is told apart by its scheme', async () => {
    expect(await states(checkQueueServer, context())).toEqual([])
    expect(await states(checkQueueServer, context({ QUEUE_URL: 'direct:' }))).toEqual(['ok'])
  })

  it('cannot be reached; the password in its address is not shown', async () => {
    const found = await checkQueueServer(context({ QUEUE_URL: 'postgres://me:hunter2-secret@127.0.0.1:9/db' }))

    expect(found).toMatchObject([{ state: 'failed' }])
    expect(JSON.stringify(found)).not.toContain('hunter2')
  })
})

describe('the token', () => {
  async function withMeta(
    check: (url: string, meta: ReturnType<typeof createSandbox>) => Promise<void>,
  ): Promise<void> {
    const meta = createSandbox({ pixels: [{ id: '1234567890', accessToken: 'right' }] })
    const { url } = await meta.start()
    await check(url, meta).finally(() => meta.stop())
  }
  const setUp = (META_GRAPH_URL: string, env: Record<string, string>) =>
    context({ META_GRAPH_URL, ...env }, { now: Date.now, testEventCode: 'TEST123' })

  it('is right when Meta takes a test event', () =>
    withMeta(async (url, meta) => {
      expect(await states(checkToken, setUp(url, { META_ACCESS_TOKEN: 'right' }))).toEqual(['ok'])
      expect(meta.received()).toMatchObject([{ event_name: 'PixelMirrorCheck', test_event_code: 'TEST123' }])
    }))

  it('is wrong: Meta’s words, what to do, and not the token', () =>
    withMeta(async (url) => {
      const [finding] = await checkToken(setUp(url, { META_ACCESS_TOKEN: 'wrong-and-secret' }))

      expect(finding).toMatchObject({ state: 'failed', mend: expect.stringContaining('access token') as string })
      expect(finding?.says).toMatch(/190/)
      expect(JSON.stringify(finding)).not.toContain('wrong-and-secret')
    }))

  it('does not fit the pixel', () =>
    withMeta(async (url) => {
      expect(await states(checkToken, setUp(url, { META_PIXEL_ID: '99', META_ACCESS_TOKEN: 'right' }))).toEqual([
        'failed',
      ])
    }))

  it('is not tried without a test event code, for the event would count', async () => {
    expect(await states(checkToken, context())).toEqual(['skipped'])
  })

  it('is not asked of the sandbox', async () => {
    const settings = loadSettings({ env: {}, readFile: missing })

    expect(await states(checkToken, context({}, { settings, testEventCode: 'TEST123' }))).toEqual(['skipped'])
  })
})
