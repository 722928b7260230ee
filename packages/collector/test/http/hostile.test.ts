import { connect } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { memoryQueue } from '../../src/queue/memory-queue.js'
import type { Queue } from '../../src/queue/queue.js'
import { API_KEY, BROWSER, PIXEL_ID, runCollector, SHOP } from '../running-collector.js'
import { hostileBody, hostileRequest, randomFrom } from './hostile.js'

const BODIES = 90_000
const REQUESTS = 10_000
const SEED = 20_261_124

const MAY_BE = new Set([200, 204, 400, 401, 403, 404, 405, 408, 413, 415, 417, 431])

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function heapBytes(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

/** Takes everything and keeps nothing, so that what grows is the collector. */
function bottomless(): Queue {
  return { ...memoryQueue(), append: (events) => Promise.resolve({ stored: events.map(() => 'stored') }) }
}

/** A queue that keeps nothing, a relay that has nothing to do, and no line in the log that tells of a fault. */
const runForStrangers = () => runCollector({ queue: bottomless(), env: { TRUST_PROXY: '1', LOG_LEVEL: 'info' } })

/** Sends requests over one connection, several at a time, and counts the answers by status. */
function sendAll(port: number, requests: Iterator<Buffer>, statuses: Map<number, number>): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let waiting = 0
    let done = false
    let rest = ''
    const more = (): void => {
      const batch: Buffer[] = []
      while (batch.length < 20 && !done) {
        const { value, done: end } = requests.next() as IteratorResult<Buffer, undefined>
        if (end || value === undefined) done = true
        else batch.push(value)
      }
      waiting = batch.length
      if (waiting === 0) socket.end()
      else socket.write(Buffer.concat(batch))
    }
    socket.on('connect', more)
    socket.on('data', (chunk) => {
      const text = rest + chunk.toString('latin1')
      const found = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)]
      for (const [, status] of found) statuses.set(Number(status), (statuses.get(Number(status)) ?? 0) + 1)
      rest = text.slice(Math.max(text.length - 12, (found.at(-1)?.index ?? 0) + 13))
      waiting -= found.length
      if (waiting === 0) more()
    })
    socket.on('error', reject)
    socket.on('close', () => (done && waiting === 0 ? resolve() : reject(new Error('The connection was cut off.'))))
  })
}

const ROUTES = [
  { path: '/events', header: `Origin: ${SHOP}` },
  { path: '/events', header: `Authorization: Bearer ${API_KEY}` },
  { path: `/v26.0/${PIXEL_ID}/events?access_token=${API_KEY}`, header: 'Content-Type: application/json' },
  {
    path: `/v26.0/${PIXEL_ID}/events?access_token=${API_KEY}`,
    header: 'Content-Type: multipart/form-data; boundary=x',
  },
  { path: `/v26.0/${PIXEL_ID}/events`, header: 'Content-Type: application/x-www-form-urlencoded' },
]

function* posts(seed: number, count: number): Generator<Buffer> {
  const random = randomFrom(seed)
  for (; count > 0; count--) {
    const body = hostileBody(random)
    const { path, header } = random.oneOf(ROUTES)
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nUser-Agent: ${BROWSER}\r\n${header}\r\nContent-Length: ${body.length}\r\n\r\n`
    yield Buffer.concat([Buffer.from(head), body])
  }
}

describe(`hostile input (seed ${SEED})`, () => {
  it(`survives ${BODIES} bodies: no 5xx, no fault in the log, memory stays flat`, { timeout: 600_000 }, async () => {
    const { url, logged } = await runForStrangers()
    const statuses = new Map<number, number>()
    const port = Number(new URL(url).port)
    const send = (seed: number, count: number) =>
      Promise.all([1, 2, 3, 4].map((part) => sendAll(port, posts(seed + part, count / 4), statuses)))

    await send(SEED, BODIES / 3)
    const before = heapBytes()
    await send(SEED + 100, (BODIES / 3) * 2)
    const after = heapBytes()

    expect([...statuses.keys()].filter((status) => !MAY_BE.has(status))).toEqual([])
    expect([...statuses.values()].reduce((sum, count) => sum + count)).toBe(BODIES)
    // Both kinds are there: what is refused, and what is taken.
    expect(statuses.get(200)).toBeGreaterThan(BODIES / 20)
    expect(statuses.get(400)).toBeGreaterThan(BODIES / 10)
    expect(logged.filter((line) => /"level":"(error|fatal)"/.test(line))).toEqual([])
    expect(after / before).toBeLessThan(1.3)
    expect(({} as { admin?: unknown }).admin).toBeUndefined()
  })

  it(`survives ${REQUESTS} requests that are broken from the first line on`, { timeout: 600_000 }, async () => {
    const { url, logged } = await runForStrangers()
    const random = randomFrom(SEED)
    const port = Number(new URL(url).port)
    const statuses = new Set<number>()

    const sendOne = (): Promise<void> =>
      new Promise((resolve) => {
        const socket = connect(port, '127.0.0.1', () => socket.end(hostileRequest(random)))
        socket.on('data', (chunk) => {
          const status = /^HTTP\/1\.1 (\d{3}) /.exec(chunk.toString('latin1'))?.[1]
          if (status !== undefined && status !== '100') statuses.add(Number(status))
        })
        // Cut off without a word is an answer, too.
        socket.on('error', () => undefined)
        socket.on('close', () => resolve())
      })
    const sendMany = async (count: number): Promise<void> => {
      for (; count > 0; count--) await sendOne()
    }
    await Promise.all(Array.from({ length: 20 }, () => sendMany(REQUESTS / 20)))

    expect([...statuses].filter((status) => !MAY_BE.has(status))).toEqual([])
    expect(statuses).toContain(400)
    expect(logged.filter((line) => /"level":"(error|fatal)"/.test(line))).toEqual([])
    expect((await fetch(`${url}/health/live`)).status).toBe(200)
  })
})
