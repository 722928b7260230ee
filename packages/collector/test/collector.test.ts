import { createSandbox } from '@pixel-mirror/sandbox'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createCollector } from '../src/collector.js'
import { PortTakenError } from '../src/errors.js'
import { createLogger } from '../src/logger.js'
import { memoryQueue } from '../src/queue/memory-queue.js'
import type { Queue } from '../src/queue/queue.js'
import { loadSettings } from '../src/settings/load-settings.js'
import { API_KEY, BROWSER, PIXEL_ID, purchase, queued, runCollector, SHOP } from './running-collector.js'

const post = (url: string, body: unknown) =>
  fetch(`${url}/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}` },
    body: JSON.stringify(body),
  })

describe('two listeners', () => {
  it('tell everybody whether the collector lives and is ready, and operators why', async () => {
    const { url, adminUrl } = await runCollector()

    const [live, ready, why] = await Promise.all([
      fetch(`${url}/health/live`),
      fetch(`${url}/health/ready`),
      fetch(`${adminUrl}/health/ready`),
    ])

    expect([live.status, await live.json()]).toEqual([200, { status: 'live' }])
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready' }])
    expect(await why.json()).toMatchObject({
      status: 'ready',
      reasons: [],
      lastCommitAgeMs: expect.any(Number) as number,
    })
    expect(ready.headers.get('cache-control')).toBe('no-store')
  })

  it('show metrics, inspector and administration to operators alone', async () => {
    const { url, adminUrl } = await runCollector()

    for (const path of ['/metrics', '/inspect/', '/admin/queue']) {
      expect([path, (await fetch(url + path)).status]).toEqual([path, 404])
      expect([path, (await fetch(adminUrl + path)).status]).toEqual([path, 200])
    }
  })

  it('keep the inspector shut on other addresses than loopback, unless it has a password', async () => {
    const open = await runCollector({ env: { ADMIN_HOST: '0.0.0.0' } })

    expect(open.inspects).toBe(false)
    expect((await fetch(`${open.adminUrl}/inspect/`)).status).toBe(404)
    expect((await fetch(`${open.adminUrl}/metrics`)).status).toBe(200)
    expect(open.logged.join()).toContain('inspector.off')
  })

  it('are both given up when one port is taken', async () => {
    const { adminUrl } = await runCollector()
    const env = { ADMIN_PORT: new URL(adminUrl).port, PORT: '0', HOST: '127.0.0.1', QUEUE_URL: 'direct:' }
    const second = await createCollector({
      settings: loadSettings({ env, readFile: () => '{}' }),
      log: createLogger('silent'),
    })

    await expect(second.start()).rejects.toThrow(PortTakenError)
  })
})

describe('what arrives in other shapes', () => {
  it('is the one object of a hand-made relay, with a number for its id', async () => {
    const { url, queue } = await runCollector()

    const answer = await post(url, {
      event_name: 'Purchase',
      event_id: 1001,
      event_source_url: `${SHOP}/thanks`,
      action_source: 'website',
      event_time: String(Math.floor(Date.now() / 1000)),
      user_data: { em: 'jane@example.com', client_user_agent: BROWSER },
      custom_data: { value: '12.50', currency: 'eur' },
    })

    expect(await answer.json()).toEqual({ events_received: 1 })
    expect(await queued(queue)).toMatchObject([{ event_id: '1001', custom_data: { value: 12.5, currency: 'EUR' } }])
  })

  it('is the image of a page without scripts', async () => {
    const { url, queue } = await runCollector({ env: { TRUST_PROXY: '1' } })
    const query = new URLSearchParams({
      id: PIXEL_ID,
      ev: 'Purchase',
      eid: 'order-1',
      'cd[value]': '12.5',
      'cd[currency]': 'EUR',
    })

    const answer = await fetch(`${url}/tr?${query}`, {
      headers: {
        referer: `${SHOP}/thanks`,
        'user-agent': BROWSER,
        'x-forwarded-for': '198.51.100.9',
        cookie: '_fbp=fb.1.1764000000000.42',
      },
    })

    expect(answer.headers.get('content-type')).toBe('image/gif')
    expect(await queued(queue)).toMatchObject([
      {
        event_name: 'Purchase',
        event_id: 'order-1',
        event_source_url: `${SHOP}/thanks`,
        user_data: { client_ip_address: '198.51.100.9', client_user_agent: BROWSER, fbp: 'fb.1.1764000000000.42' },
        custom_data: { value: 12.5, currency: 'EUR' },
      },
    ])
  })
})

describe('the visitor’s cookies', () => {
  it('are renewed by the answer, letter by letter, and a new click is remembered', async () => {
    const { url } = await runCollector({ env: { TRUST_PROXY: '1' } })

    const answer = await fetch(`${url}/events`, {
      method: 'POST',
      headers: {
        ...{ origin: SHOP, 'user-agent': BROWSER, cookie: '_fbp=fb.1.1764000000000.42' },
        ...{ 'x-forwarded-host': 'collect.shop.example', 'x-forwarded-proto': 'https' },
      },
      body: JSON.stringify(purchase({ event_source_url: `${SHOP}/?fbclid=IwAR_Click-Id` })),
    })

    const end = 'Max-Age=7776000; Path=/; Domain=shop.example; SameSite=Lax; Secure'
    expect(answer.headers.getSetCookie()).toEqual([
      `_fbp=fb.1.1764000000000.42; ${end}`,
      expect.stringMatching(new RegExp(`^_fbc=fb\\.1\\.\\d{13}\\.IwAR_Click-Id; ${end}$`)),
    ])
  })
})

describe('readiness', () => {
  it('does not depend on Meta', async () => {
    // Nobody answers where Meta should be.
    const { url, queue } = await runCollector()
    await post(url, purchase())

    expect((await fetch(`${url}/health/ready`)).status).toBe(200)
    expect((await queue.status()).waitingEvents).toBe(1)
  })

  it('ends when the queue takes no commit any more, and events are answered with 503', async () => {
    const gone = () => Promise.reject(new Error('the disk is gone'))
    const { url } = await runCollector({ queue: { ...memoryQueue(), probe: gone } })

    const ready = await fetch(`${url}/health/ready`)

    expect(ready.status).toBe(503)
    expect(await ready.json()).toEqual({ status: 'not_ready' })
  })
})

describe('stopping', () => {
  it('answers what is under way, and keeps it', async () => {
    const taken = memoryQueue()
    let release: (() => void) | undefined
    const slow: Queue = {
      ...taken,
      async append(events, drops) {
        await new Promise<void>((resolve) => (release = resolve))
        return taken.append(events, drops)
      },
      close: () => Promise.resolve(),
    }
    const collector = await runCollector({ queue: slow })
    const answer = post(collector.url, purchase())
    await expect.poll(() => release).toBeDefined()

    const stopped = collector.stop()
    release?.()

    expect((await answer).status).toBe(200)
    await stopped
    expect(await queued(taken)).toHaveLength(1)
  })
})

describe('the queue `direct:`', () => {
  it('answers 200 when Meta has the event, and 400 with Meta’s words when Meta refuses it', async () => {
    const sandbox = createSandbox()
    const { url: META_GRAPH_URL } = await sandbox.start()
    onTestFinished(() => sandbox.stop())
    const { url } = await runCollector({ env: { QUEUE_URL: 'direct:', META_GRAPH_URL } })

    const taken = await post(url, purchase())
    sandbox.behave({ kind: 'poison', event_id: 'order-1002' })
    const refused = await post(url, purchase({ event_id: 'order-1002' }))

    expect([taken.status, await taken.json()]).toEqual([200, { events_received: 1 }])
    expect(sandbox.received()).toHaveLength(1)
    expect(refused.status).toBe(400)
  })
})
