import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { express } from '@pixel-mirror/testing'
import Koa from 'koa'
import { describe, expect, it, onTestFinished } from 'vitest'
import { BROWSER, purchase, queued, runCollector, SHOP } from './running-collector.js'
import type { RunningCollector } from './running-collector.js'

/** Serves the application of somebody who has mounted a collector in it. */
async function host(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const send = (url: string, event = purchase()) =>
  fetch(url, {
    method: 'POST',
    headers: { origin: SHOP, 'user-agent': BROWSER, 'content-type': 'text/plain' },
    body: JSON.stringify(event),
  })

const HOSTS: Record<string, (collector: RunningCollector) => Promise<{ events: string; hosts: string }>> = {
  'a Koa application': async (collector) => {
    const app = new Koa()
    app.use(async (ctx, next) => {
      ctx.set('x-host', 'koa')
      await next()
    })
    app.use(collector.middleware)
    app.use((ctx) => {
      ctx.body = 'the host'
    })
    // Koa settles its promise itself.
    const url = await host((req, res) => void app.callback()(req, res))
    return { events: `${url}/events`, hosts: `${url}/about` }
  },

  'a Koa application, behind a body parser': async (collector) => {
    const app = new Koa()
    app.use(async (ctx, next) => {
      ctx.set('x-host', 'koa')
      const text = (await ctx.req.toArray()).join('')
      Object.assign(ctx.request, { body: text === '' ? {} : (JSON.parse(text) as unknown) })
      await next()
    })
    app.use(collector.middleware)
    app.use((ctx) => {
      ctx.body = 'the host'
    })
    const url = await host((req, res) => void app.callback()(req, res))
    return { events: `${url}/events`, hosts: `${url}/about` }
  },

  'an Express application': async (collector) => {
    const app = express()
    app.use((_req, res, next) => {
      res.setHeader('x-host', 'express')
      next()
    })
    app.use(collector.handle)
    app.get('/about', (_req, res) => void res.send('the host'))
    const url = await host(app)
    return { events: `${url}/events`, hosts: `${url}/about` }
  },

  'an Express application, below a path and behind a body parser': async (collector) => {
    const app = express()
    app.use(express.text({ type: '*/*' }))
    app.use((_req, res, next) => {
      res.setHeader('x-host', 'express')
      next()
    })
    app.use('/m', collector.handle)
    app.get('/m/about', (_req, res) => void res.send('the host'))
    const url = await host(app)
    return { events: `${url}/m/events`, hosts: `${url}/m/about` }
  },

  'a plain node:http server': async (collector) => {
    const url = await host((req, res) => {
      res.setHeader('x-host', 'node')
      if (req.url?.startsWith('/about')) res.end('the host')
      else collector.handle(req, res)
    })
    return { events: `${url}/events`, hosts: `${url}/about` }
  },
}

describe.each(Object.entries(HOSTS))('a collector mounted in %s', (_, mount) => {
  it('takes events, and leaves all else to its host', async () => {
    const collector = await runCollector({ listen: false })
    const { events, hosts } = await mount(collector)

    const taken = await send(events)
    const other = await fetch(hosts)

    expect(taken.status).toBe(200)
    expect(await taken.json()).toEqual({ events_received: 1 })
    expect(taken.headers.get('access-control-allow-origin')).toBe(SHOP)
    expect(taken.headers.get('x-host')).not.toBeNull()
    expect(other.status).toBe(200)
    expect(await other.text()).toBe('the host')
    expect(await queued(collector.queue)).toMatchObject([{ event_name: 'Purchase', event_id: 'order-1001' }])
  })

  it('answers refusals itself', async () => {
    const { events } = await mount(await runCollector({ listen: false }))

    const answer = await fetch(events, { method: 'POST', headers: { origin: 'https://evil.example' }, body: '{}' })

    expect(answer.status).toBe(403)
    expect(await answer.json()).toMatchObject({ error: { code: 10 } })
  })

  it('answers 503 once it is stopped', async () => {
    const collector = await runCollector({ listen: false })
    const { events } = await mount(collector)

    await collector.stop()

    expect((await send(events)).status).toBe(503)
  })
})

describe('code of the site', () => {
  it('may enrich an event: what it adds is checked and hashed like all else', async () => {
    const { url, queue } = await runCollector({
      transform: (event, { pixelId }) => ({
        ...event,
        user_data: { ...event.user_data, ln: 'Doe' },
        custom_data: { ...event.custom_data, pixel: pixelId },
      }),
    })

    await send(`${url}/events`)

    const [event] = await queued(queue)
    expect(event).toMatchObject({ custom_data: { pixel: '1234567890' } })
    expect((event?.['user_data'] as { ln: unknown }).ln).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)])
  })

  it('may veto an event: it is counted by that name, and not sent', async () => {
    const { url, queue } = await runCollector({ transform: () => undefined })

    const answer = await send(`${url}/events`)

    expect(await answer.json()).toEqual({ events_received: 1 })
    expect(await queued(queue)).toEqual([])
    expect((await queue.books()).pixels).toMatchObject([{ received: 1, dropped: { vetoed: 1 } }])
  })

  it('may watch what happens, and cannot break it', async () => {
    const kinds: string[] = []
    const { url } = await runCollector({
      observers: [
        ({ kind }) => {
          kinds.push(kind)
          throw new Error('a watcher’s mistake')
        },
      ],
    })

    const answer = await send(`${url}/events`)

    expect(answer.status).toBe(200)
    expect(kinds).toContain('ingested')
  })
})
