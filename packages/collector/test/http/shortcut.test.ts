import { createServer } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { close, listen } from '../../src/http/server.js'
import { createShortcut } from '../../src/http/shortcut.js'
import { serve, SHOP } from './serve.js'

/** Of an answer, what does not change with the moment. */
async function facts(answer: Response): Promise<unknown> {
  const { date: _date, ...headers } = Object.fromEntries(answer.headers)
  const text = (await answer.text()).replace(/"fbtrace_id":"[^"]*"/, '"fbtrace_id":""')
  return { status: answer.status, headers, text }
}

describe('POST /events', () => {
  it.each([
    ['an event that is taken', { event_name: 'PageView' }, { origin: SHOP }],
    ['a body that is no JSON', 'no json', { origin: SHOP }],
    ['a page of another site', { event_name: 'PageView' }, { origin: 'https://stranger.example' }],
    ['a wrong key', { event_name: 'PageView' }, { authorization: 'Bearer wrong' }],
    ['a body that is too large', 'x'.repeat(2_000_000), { origin: SHOP }],
  ])('is answered past Koa as it is by it: %s', async (_what, body, headers) => {
    const { post, happenings } = await serve()

    const short = await facts(await post(body, headers))
    const toldOfShort = happenings.splice(0).map(({ kind }) => kind)
    const long = await facts(await post(body, headers, '/events?'))

    expect(short).toEqual(long)
    expect(toldOfShort).toEqual(happenings.map(({ kind }) => kind))
  })
})

describe('createShortcut()', () => {
  it('leaves every other method and path to who comes next', async () => {
    const { url } = await serveShortcut(() => Promise.resolve())

    const others = [
      await fetch(`${url}/events/`, { method: 'POST' }),
      await fetch(`${url}/events?a=b`, { method: 'POST' }),
      await fetch(`${url}/events`),
    ]

    expect(others.map(({ status }) => status)).toEqual([418, 418, 418])
  })

  it('closes the connection, and says why, when not even a failure can be answered; the next is answered', async () => {
    const { url, errors } = await serveShortcut(({ res, req }) => {
      if (req.headers['x-break'] !== undefined) return Promise.reject(new Error('broken'))
      res.end('well')
      return Promise.resolve()
    })

    await expect(fetch(`${url}/events`, { method: 'POST', headers: { 'x-break': '1' } })).rejects.toThrow(
      'fetch failed',
    )
    const next = await fetch(`${url}/events`, { method: 'POST' })

    expect(errors).toEqual([new Error('broken')])
    expect(await next.text()).toBe('well')
  })
})

async function serveShortcut(answer: Parameters<typeof createShortcut>[2]) {
  const errors: unknown[] = []
  const shortcut = createShortcut('POST', '/events', answer, (error) => errors.push(error))
  const server = createServer((req, res) => {
    if (!shortcut(req, res)) res.writeHead(418).end()
  })
  const port = await listen(server, 0, '127.0.0.1')
  onTestFinished(() => close(server, 0))
  return { url: `http://127.0.0.1:${port}`, errors }
}
