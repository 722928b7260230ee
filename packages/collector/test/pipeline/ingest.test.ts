import { describe, expect, it } from 'vitest'
import type { Happening } from '../../src/observer.js'
import { ingest } from '../../src/pipeline/ingest.js'
import type { AppendResult, Drops, QueuedEvent } from '../../src/queue/queue.js'
import { fromBrowser, NOW_MS, PIXEL_ID, pipelineOptions, PURCHASE, USER_AGENT } from './fixtures.js'

function parts(answer: (events: readonly QueuedEvent[]) => Partial<AppendResult> = () => ({})) {
  const appended: { events: readonly QueuedEvent[]; drops: Drops | undefined }[] = []
  const happenings: Happening[] = []
  return {
    appended,
    happenings,
    pipeline: pipelineOptions({ isBot: (userAgent) => userAgent.includes('bot') }),
    observe: (happening: Happening) => void happenings.push(happening),
    queue: {
      append(events: readonly QueuedEvent[], drops?: Drops): Promise<AppendResult> {
        appended.push({ events, drops })
        return Promise.resolve({ stored: events.map(() => 'stored'), ...answer(events) })
      },
    },
  }
}

describe('ingest()', () => {
  it('stores the finished event and says that it was received', async () => {
    const world = parts()

    const result = await ingest({ data: [PURCHASE] }, fromBrowser(), world)

    expect(result).toMatchObject({ kind: 'ingested', eventsReceived: 1, rejected: [] })
    const [event] = world.appended[0]?.events ?? []
    expect(event).toMatchObject({
      lane: { pixelId: PIXEL_ID },
      eventName: 'Purchase',
      eventId: 'order-1001',
      eventTimeMs: NOW_MS - 5000,
    })
    expect(JSON.parse(event?.json ?? '')).toEqual({
      event_name: 'Purchase',
      event_time: (NOW_MS - 5000) / 1000,
      event_id: 'order-1001',
      action_source: 'website',
      event_source_url: 'https://shop.example/thanks',
      user_data: {
        em: ['62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f'],
        fbp: 'fb.1.1763999000000.1234567890',
        client_ip_address: '203.0.113.9',
        client_user_agent: USER_AGENT,
      },
      custom_data: { value: 19.9, currency: 'EUR', contents: [{ id: 'sku1', quantity: 1, item_price: 19.9 }] },
    })
  })

  it('keeps the good events of a request and names what is wrong with the others', async () => {
    const world = parts()
    const bad = { ...PURCHASE, event_id: 'bad', custom_data: { value: 'much' } }

    const result = await ingest({ data: [PURCHASE, bad, 7] }, fromBrowser(), world)

    expect(result).toMatchObject({
      eventsReceived: 1,
      rejected: [
        { index: 1, event_id: 'bad', code: 'purchase_without_value', path: 'custom_data.value' },
        { index: 1, event_id: 'bad', code: 'purchase_without_currency', path: 'custom_data.currency' },
        { index: 2, code: 'event_not_an_object', path: '' },
      ],
    })
    expect(world.appended[0]?.events).toHaveLength(1)
  })

  it('counts events that are left out by name as received, and writes them into the books', async () => {
    const world = parts()

    const result = await ingest([PURCHASE, PURCHASE], fromBrowser({ clientUserAgent: 'somebot/1.0' }), world)

    expect(result).toMatchObject({ eventsReceived: 2, rejected: [] })
    expect(world.appended).toEqual([{ events: [], drops: [{ pixelId: PIXEL_ID, reason: 'bot', count: 2 }] }])
  })

  it('asks nothing of the queue when no event is good', async () => {
    const world = parts()

    const result = await ingest({ event_name: '' }, fromBrowser(), world)

    expect(result).toMatchObject({ eventsReceived: 0, rejected: [{ index: 0, code: 'event_name_missing' }] })
    expect(world.appended).toEqual([])
  })

  it('says so when the body is no event', async () => {
    const world = parts()

    expect(await ingest('hello', fromBrowser(), world)).toMatchObject({ kind: 'not_an_event' })
    expect(world.happenings).toEqual([])
  })

  it('tells the watchers once for a request, after the events are durable', async () => {
    const world = parts()

    await ingest({ data: [PURCHASE] }, fromBrowser(), world)

    expect(world.happenings).toMatchObject([{ kind: 'ingested', prepared: [{ kind: 'ready' }], stored: ['stored'] }])
  })

  it('takes nothing when the queue refuses', async () => {
    const world = parts(() => {
      throw new Error('full')
    })

    await expect(ingest({ data: [PURCHASE] }, fromBrowser(), world)).rejects.toThrow('full')
    expect(world.happenings).toEqual([])
  })

  it("passes Meta's refusal on where the queue waits for it", async () => {
    const world = parts(() => ({
      stored: ['refused'],
      refused: [{ index: 0, reason: { cause: 'refused_by_meta', message: 'Invalid parameter' } }],
    }))

    const result = await ingest([{ event_name: '' }, PURCHASE], fromBrowser(), world)

    expect(result).toMatchObject({
      eventsReceived: 0,
      rejected: [
        { index: 0, code: 'event_name_missing' },
        { index: 1, event_id: 'order-1001', code: 'refused_by_meta', message: 'Invalid parameter' },
      ],
    })
  })

  it('hands out the ids of the visitor, for the cookies of the answer', async () => {
    const result = await ingest({ data: [PURCHASE] }, fromBrowser(), parts())

    expect(result).toMatchObject({ identity: { fbp: 'fb.1.1763999000000.1234567890' } })
  })
})
