import { eventually, natsMissing, startNats, type NatsOptions, type TestNats } from '@pixel-mirror/testing'
import { createSandbox } from '@pixel-mirror/sandbox'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { API_KEY, runCollector, type RunningCollector } from '../../running-collector.js'

const missing = natsMissing()

let count = 0

/** One event with a text of some length, as a server would send it; the status, and how long the answer says to wait. */
async function send({ url }: RunningCollector, length = 10): Promise<{ id: string; status: number; waitS: number }> {
  const id = `event-${++count}`
  const event = {
    event_name: 'Lead',
    event_id: id,
    event_time: Math.floor(Date.now() / 1_000),
    action_source: 'website',
    event_source_url: 'https://shop.example/',
    user_data: { client_ip_address: '203.0.113.9', client_user_agent: 'Mozilla/5.0 cluster' },
    custom_data: { content_name: 'x'.repeat(length) },
  }
  const answer = await fetch(`${url}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${API_KEY}` },
    body: JSON.stringify({ data: [event] }),
  })
  await answer.text()
  return { id, status: answer.status, waitS: Number(answer.headers.get('retry-after')) }
}

const isReady = ({ url }: RunningCollector) => fetch(`${url}/health/ready`).then(({ ok }) => ok)

async function startBrokers(options: NatsOptions = {}): Promise<TestNats> {
  const brokers = await startNats(options)
  onTestFinished(() => brokers.stop())
  return brokers
}

/** A pretended Meta that takes nothing until it is told to. */
async function startMeta() {
  const sandbox = createSandbox()
  const server = createServer(sandbox.handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  sandbox.behave({ kind: 'server_error', status: 503 })
  return { sandbox, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

describe.skipIf(missing)(`a collector on NATS JetStream${missing ? ` (${missing})` : ''}`, () => {
  it('does not start while nobody answers there, and says so', async () => {
    // A port that no other test is given.
    await expect(runCollector({ env: { QUEUE_URL: 'nats://127.0.0.1:1' } })).rejects.toThrow(
      'NATS JetStream cannot be used. Nobody listens there.',
    )
  })

  it('answers 503 with Retry-After and is not ready while the broker is away; it goes on by itself, with all that it had taken', async () => {
    const brokers = await startBrokers()
    const meta = await startMeta()
    const collector = await runCollector({
      env: { QUEUE_URL: `${brokers.url}`, META_GRAPH_URL: meta.url },
    })
    const before = await send(collector)

    await brokers.brokers[0]!.kill()
    const refused = await send(collector)
    await eventually('it to be unready', async () => !(await isReady(collector)))
    await brokers.brokers[0]!.start()
    await eventually('it to be ready again', () => isReady(collector), 60_000)
    const after = await send(collector)
    meta.sandbox.clearBehaviours()

    expect([before.status, refused.status, after.status]).toEqual([200, 503, 200])
    expect(refused.waitS).toBeGreaterThan(0)
    await eventually('both at Meta', () => meta.sandbox.counts().serverCopies >= 2, 60_000)
    const ids = meta.sandbox.received().map(({ event_id }) => event_id)
    expect(new Set(ids)).toEqual(new Set([before.id, after.id]))
  }, 120_000)

  it('answers 503 with Retry-After when the broker has no room, delivers what it had taken, and then takes more', async () => {
    const brokers = await startBrokers({ jetstream: 'max_file: 3MB' })
    const meta = await startMeta()
    const collector = await runCollector({
      env: { QUEUE_URL: `${brokers.url}`, META_GRAPH_URL: meta.url },
    })
    const taken: string[] = []
    let refused
    do {
      refused = await send(collector, 20_000)
      if (refused.status === 200) taken.push(refused.id)
    } while (refused.status === 200)
    await eventually('it to be unready', async () => !(await isReady(collector)))

    meta.sandbox.clearBehaviours()
    await eventually(
      'all at Meta',
      () => new Set(meta.sandbox.received().map(({ event_id }) => event_id)).size >= taken.length,
      60_000,
    )
    const more = await eventually('room', async () => {
      const answer = await send(collector, 20_000)
      return answer.status === 200 && answer
    })

    expect(refused).toMatchObject({ status: 503 })
    expect(refused.waitS).toBeGreaterThan(0)
    await eventually('the next at Meta', () => meta.sandbox.received().some(({ event_id }) => event_id === more.id))
    const ids = meta.sandbox.received().map(({ event_id }) => event_id)
    expect(taken.filter((id) => !ids.includes(id))).toEqual([])
  }, 180_000)
})
