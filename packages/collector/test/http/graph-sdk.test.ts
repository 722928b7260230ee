import { facebookSdk } from '@pixel-mirror/testing'
import { describe, expect, it } from 'vitest'
import { API_KEY, PIXEL_ID, queued, runCollector } from '../running-collector.js'

const sha256Of = { 'jane@example.com': '8c87b489ce35cf2e2f39f80e282cb2e804932a56a213983eeeb428407d43b52d' }

describe('Meta’s own Node SDK, unchanged, pointed at the collector', () => {
  async function purchaseBySdk(token = API_KEY) {
    const collector = await runCollector()
    const { Content, CustomData, EventRequest, ServerEvent, UserData } = facebookSdk(collector.url)
    const userData = new UserData()
      .setEmails?.(['Jane@Example.com'])
      .setPhones?.(['+49 170 1234567'])
      .setClientIpAddress?.('203.0.113.7')
      .setClientUserAgent?.('Mozilla/5.0')
      .setFbp?.('fb.1.1764000000000.1234567890')
    const content = new Content().setId?.('sku-1').setQuantity?.(2).setItemPrice?.(10)
    const customData = new CustomData().setContents?.([content]).setCurrency?.('eur').setValue?.(20)
    const event = new ServerEvent()
      .setEventName?.('Purchase')
      .setEventTime?.(Math.floor(Date.now() / 1000))
      .setEventId?.('order-1001')
      .setEventSourceUrl?.('https://shop.example/thanks')
      .setActionSource?.('website')
      .setUserData?.(userData)
      .setCustomData?.(customData)
    const request = new EventRequest(token, PIXEL_ID).setEvents([event!]).setAppSecret('the-secret-of-the-app')
    return { ...collector, request }
  }

  it('gets Meta’s answer, and its event is in the queue', async () => {
    const { request, queue } = await purchaseBySdk()

    const answer = await request.execute()

    expect(answer).toMatchObject({ events_received: 1, messages: [] })
    expect(answer.fbtrace_id).toMatch(/^[\w-]{20,}$/)
    expect(await queued(queue)).toMatchObject([
      {
        event_name: 'Purchase',
        event_id: 'order-1001',
        action_source: 'website',
        user_data: {
          em: [sha256Of['jane@example.com']],
          client_ip_address: '203.0.113.7',
          client_user_agent: 'Mozilla/5.0',
          fbp: 'fb.1.1764000000000.1234567890',
        },
        custom_data: { value: 20, currency: 'EUR', contents: [{ id: 'sku-1', quantity: 2, item_price: 10 }] },
      },
    ])
  })

  it('gets Meta’s error for a token that is no key', async () => {
    const { request, queue } = await purchaseBySdk('EAAB-no-key-of-ours')

    const error = await request.execute().catch((error: unknown) => error)

    expect(error).toMatchObject({ status: 401, response: { code: 190, type: 'OAuthException' } })
    expect(await queued(queue)).toEqual([])
  })
})
