import { describe, expect, it } from 'vitest'
import { redactEvent, redactUrl, redactWord, truncateAddress } from '../../src/inspector/redact-event.js'
import { HASH } from './happenings.js'

describe('redactEvent()', () => {
  it.each([
    ['a hash', 'em', [HASH], ['sha256:62a14e44…']],
    ['a hash with an appendix', 'ph', `${HASH}.AQQCAQMC`, 'sha256:62a14e44…'],
    ['plain text where a hash should be', 'em', ['jane@example.com'], ['[hidden]']],
    ['an IPv4 address', 'client_ip_address', '203.0.113.9', '203.0.113.x'],
    ['a user agent', 'client_user_agent', 'Mozilla/5.0', 'Mozilla/5.0'],
    ['a browser id', 'fbp', 'fb.1.1596403881668.1116446470', 'fb.1.1596403881668.…6470'],
    ['a click id', 'fbc', 'fb.1.1554763741205.AbCdEfGhIjKl_aem_x', 'fb.1.1554763741205.…em_x'],
    ['an external id that is not hashed', 'external_id', ['customer-12345'], ['…2345']],
    ['a key that is not known', 'new_key', 'secret-thing-1', '…ng-1'],
    ['a key that every object has', 'constructor', 'secret-thing-1', '…ng-1'],
    ['a part of a name', 'f5first', [HASH], ['sha256:62a14e44…']],
    ['a number', 'fb_login_id', 123456789, '[hidden]'],
  ])('shows %s as little as it may', (_, key, given, shown) => {
    const event = redactEvent(JSON.stringify({ user_data: { [key]: given } }))

    expect(event).toEqual({ user_data: { [key]: shown } })
  })

  it('cuts the values out of page addresses, at any depth', () => {
    const event = redactEvent(
      JSON.stringify({
        event_source_url: 'https://user:pw@shop.example/thanks?email=jane%40example.com&utm=x#top',
        custom_data: { link: 'https://shop.example/a?token=1', list: [{ note: 'write to jane.doe@example.com now' }] },
      }),
    )

    expect(event).toEqual({
      event_source_url: 'https://shop.example/thanks?email=…&utm=…',
      custom_data: { link: 'https://shop.example/a?token=…', list: [{ note: 'write to [e-mail] now' }] },
    })
  })

  it('keeps numbers and other values', () => {
    const event = { event_name: 'Purchase', event_time: 1, custom_data: { value: 9.5, currency: 'EUR', ok: true } }

    expect(redactEvent(JSON.stringify(event))).toEqual(event)
  })

  it.each(['', '[]', 'null', '{"user_data":'])('shows nothing of %j', (json) => {
    expect(redactEvent(json)).toBe('[not readable]')
  })
})

it.each([
  ['203.0.113.9', '203.0.113.x'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1::x'],
  ['2001:db8::9', '2001:db8:0::x'],
  ['::1', '0:0:0::x'],
  ['2001:db8:1::', '2001:db8:1::x'],
])('truncates %s to its network %s', (address, network) => {
  expect(truncateAddress(address)).toBe(network)
})

it.each([
  ['/cart?step=2', '/cart?step=…'],
  ['https://a.example/u/jane@example.com/orders', 'https://a.example/u/[e-mail]/orders'],
  ['https://a.example', 'https://a.example'],
])('shows the address %s as %s', (url, shown) => {
  expect(redactUrl(url)).toBe(shown)
})

it.each([
  ['order of jane.doe@example.com', 'order of [e-mail]'],
  ['jane%40example.com', '[e-mail]'],
  ['<jane@mail.example.com>, joe@example.org', '<[e-mail]>, [e-mail]'],
  ['@jane@example.com', '[e-mail]'],
  ['@example.com', '@example.com'],
  ['me@home', 'me@home'],
  ['50%40', '50%40'],
])('shows the word %s as %s', (word, shown) => {
  expect(redactWord(word)).toBe(shown)
})

it.each(['a%40', 'a@', 'a', 'a.', '@.', 'a@a.'])('reads a long text of %j only once', (part) => {
  const text = part.repeat(15_000)

  expect(JSON.stringify(redactEvent(JSON.stringify({ note: text }))).length).toBeLessThanOrEqual(text.length + 11)
})
