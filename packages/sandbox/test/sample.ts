import { createHash } from 'node:crypto'

/** A Tuesday afternoon on which all tests play. */
export const NOW_MS = Date.UTC(2026, 10, 24, 15)
export const NOW_S = NOW_MS / 1000

export const sha256 = (value: string) => createHash('sha256').update(value).digest('hex')

/** The least that a page's event needs. */
export function pageView(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    event_name: 'PageView',
    event_time: NOW_S - 60,
    action_source: 'website',
    event_source_url: 'https://shop.example/',
    user_data: { client_ip_address: '2001:db8::7', client_user_agent: 'Mozilla/5.0' },
    ...changes,
  }
}

/** An event with everything that a shop has to say. */
export function purchase(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return pageView({
    event_name: 'Purchase',
    event_id: 'order-1001',
    user_data: {
      em: [sha256('john_smith@gmail.com')],
      ph: [sha256('16505551212')],
      external_id: [sha256('user1')],
      client_ip_address: '203.0.113.9',
      client_user_agent: 'Mozilla/5.0',
      fbp: 'fb.1.1763999000000.1234567890',
      fbc: 'fb.1.1763999000000.IwAR2_aem-Xyz',
    },
    custom_data: { value: 19.9, currency: 'EUR', contents: [{ id: 'sku1', quantity: 1, item_price: 19.9 }] },
    ...changes,
  })
}
