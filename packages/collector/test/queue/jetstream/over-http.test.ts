import { eventually, natsMissing, startNats, type NatsOptions, type TestNats } from '@pixel-mirror/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { runCollector } from '../../running-collector.js'
import { isReady, ridesOut, send, startMeta } from '../over-http.js'

const missing = natsMissing()

async function startBrokers(options: NatsOptions = {}): Promise<TestNats> {
  const brokers = await startNats(options)
  onTestFinished(() => brokers.stop())
  return brokers
}

describe.skipIf(missing)(`a collector on NATS JetStream${missing ? ` (${missing})` : ''}`, () => {
  it('does not start while nobody answers there, and says so', async () => {
    // A port that no other test is given.
    await expect(runCollector({ env: { QUEUE_URL: 'nats://127.0.0.1:1' } })).rejects.toThrow(
      'NATS JetStream cannot be used. Nobody listens there.',
    )
  })

  it('answers 503 with Retry-After and is not ready while the broker is away; it goes on by itself, with all that it had taken', async () => {
    const { url, brokers } = await startBrokers()

    await ridesOut({ url, leave: () => brokers[0]!.kill(), comeBack: () => brokers[0]!.start() })
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
