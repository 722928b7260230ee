import { createSandbox, type Sandbox } from '@pixel-mirror/sandbox'
import { eventually } from '@pixel-mirror/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { QueueReport } from '../../../src/queue-report.js'
import { openWorkshop, postPurchase, type RunningCollector, type Workshop } from './built-cli.js'

describe('pixel-mirror dead-letters and queue status', () => {
  let workshop: Workshop
  let meta: Sandbox
  let collector: RunningCollector
  beforeEach(async () => {
    workshop = await openWorkshop()
    meta = createSandbox()
    const { url: META_GRAPH_URL } = await meta.start()
    collector = await workshop.collector({ META_GRAPH_URL, META_PIXEL_ID: '1234567890', META_ACCESS_TOKEN: 'token' })
  })
  afterEach(async () => {
    await workshop.leave()
    await meta.stop()
  })

  const ask = (...args: string[]) => workshop.outcome(args, collector.env)
  const report = async () => JSON.parse((await ask('queue', 'status', '--json')).output) as QueueReport

  /** Meta refuses this event for good. */
  async function killOne(): Promise<void> {
    const mend = meta.behave({ kind: 'poison', event_id: 'bad' })
    await postPurchase(collector.url, 'bad')
    await eventually('the dead letter', async () => (await report()).status.deadLetters === 1)
    mend()
  }

  it('lists Meta’s words from a running collector, and replays once the cause is mended', async () => {
    await killOne()

    const list = await ask('dead-letters', 'list')
    const json = await ask('dead-letters', 'list', '--json', '--cause', 'refused_by_meta')
    const replay = await ask('dead-letters', 'replay', '--pixel', '1234567890')

    expect(list.output).toMatch(/Purchase +\w+ /)
    expect(list.output).toMatch(/fbtrace_id/)
    expect(list.output).not.toContain('ada@example.com')
    expect(json.code).toBe(0)
    expect(replay.output).toBe('1 event went back into the queue.\n')
    await eventually('the event at Meta', () => meta.received().some(({ event_id }) => event_id === 'bad'))
    expect(await report()).toMatchObject({ status: { deadLetters: 0 }, books: [{ gap: 0, delivered: 1 }] })
  })

  it('works on the queue itself when no collector runs', async () => {
    await killOne()
    await collector.child.stop()

    const list = await ask('dead-letters', 'list', '--json')
    const drop = await ask('dead-letters', 'drop', '--id', (JSON.parse(list.output) as { id: string }).id)
    const status = await ask('queue', 'status')

    expect(drop.output).toBe('1 letter deleted.\n')
    expect(status.output).toMatch(/0 dead letters/)
    expect(status.output).toMatch(/1234567890 +1 +0 +0 +1 +0 +0 +yes/)
    expect(status.code).toBe(0)
  })

  it('drops and replays only what is named, or all when that is said', async () => {
    await killOne()

    const nothingSaid = await ask('dead-letters', 'drop')
    const another = await ask('dead-letters', 'drop', '--pixel', '99')
    const all = await ask('dead-letters', 'drop', '--all', '--json')

    expect(nothingSaid).toMatchObject({ code: 2, output: 'Say which letters, or --all.\n' })
    expect(another.output).toBe('0 letters deleted.\n')
    expect(all.output).toBe('{"dropped":1}\n')
  })

  it('says so when the collector cannot be asked', async () => {
    const { code, output } = await workshop.outcome(['queue', 'status'], { ...collector.env, ADMIN_PORT: '9' })

    expect(code).toBe(69)
    expect(output).toContain('No collector answers at http://127.0.0.1:9')
  })

  it('says so when events never wait', async () => {
    const { code, output } = await workshop.outcome(['dead-letters', 'list'], { QUEUE_URL: 'direct:' })

    expect(code).toBe(69)
    expect(output).toContain('there are no dead letters')
  })

  it('says so when there is no queue', async () => {
    const { code, output } = await workshop.outcome(['queue', 'status'], { QUEUE_URL: 'sqlite:elsewhere/queue.db' })

    expect(code).toBe(69)
    expect(output).toContain('There is no queue at elsewhere/queue.db yet')
  })
})
