import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSandbox, type Sandbox } from '../../src/index.js'

let sandbox: Sandbox
let url: string

beforeEach(async () => {
  sandbox = createSandbox()
  url = (await sandbox.start()).url
})

afterEach(() => sandbox.stop())

const HIT = {
  id: '42',
  ev: 'Purchase',
  eid: 'order-1001',
  dl: 'https://shop.example/thanks?a=1&b=2',
  rl: 'https://shop.example/cart',
  'cd[value]': '19.9',
  'cd[contents]': '[{"id":"sku1","quantity":1}]',
  'ud[em]': '62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f',
  fbp: 'fb.1.1763999000000.1234567890',
  noscript: '1',
}

const READ = {
  pixel_id: '42',
  event_name: 'Purchase',
  event_id: 'order-1001',
  custom_data: { value: '19.9', contents: '[{"id":"sku1","quantity":1}]' },
  user_data: { em: HIT['ud[em]'] },
  event_source_url: 'https://shop.example/thanks?a=1&b=2',
  referrer_url: 'https://shop.example/cart',
  other: { fbp: HIT.fbp, noscript: '1' },
}

function formOf(fields: Record<string, string>): FormData {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.set(name, value)
  return form
}

describe('/tr', () => {
  it.each<[how: string, send: () => Promise<Response>]>([
    ['as the address of an image', () => fetch(`${url}/tr/?${new URLSearchParams(HIT).toString()}`)],
    ['without the slash', () => fetch(`${url}/tr?${new URLSearchParams(HIT).toString()}`)],
    ['as a form', () => fetch(`${url}/tr/`, { method: 'POST', body: new URLSearchParams(HIT) })],
    ['as a beacon', () => fetch(`${url}/tr/`, { method: 'POST', body: formOf(HIT) })],
  ])('takes the browser’s copy %s, and answers an image', async (_, send) => {
    const response = await send()

    expect(response.headers.get('content-type')).toBe('image/gif')
    expect(Buffer.from(await response.arrayBuffer()).toString('latin1')).toMatch(/^GIF89a/)
    expect(sandbox.received()).toMatchObject([
      { channel: 'browser', pixel_id: '42', event_id: 'order-1001', hit: READ },
    ])
  })

  it.each(['', '?ev=PageView', '?id=shop&ev=PageView'])(
    'answers an image and takes nothing without a pixel: %s',
    async (query) => {
      const response = await fetch(`${url}/tr/${query}`)

      expect(response.headers.get('content-type')).toBe('image/gif')
      expect(sandbox.received()).toEqual([])
    },
  )

  it('takes an empty event id for none', async () => {
    await fetch(`${url}/tr/?id=42&ev=PageView&eid=`)

    expect(sandbox.copies()[0]).not.toHaveProperty('event_id')
  })
})
