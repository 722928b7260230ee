import { expect, it } from 'vitest'
import type { Tracker } from '../src/index.js'

// The types are the test: `tsc` fails where an error that is expected here is none.
function calls(tracker: Tracker) {
  tracker.track('Purchase', {
    value: 129.9,
    currency: 'EUR',
    order_id: 'A-1',
    contents: [{ id: 'a', quantity: 1 }],
    own: true,
  })
  // @ts-expect-error A purchase needs a value and a currency.
  tracker.track('Purchase', {})
  // @ts-expect-error It needs a currency.
  tracker.track('Purchase', { value: 1 })
  // @ts-expect-error It needs data.
  tracker.track('Purchase')
  // @ts-expect-error A value is a number.
  tracker.track('AddToCart', { value: '1', currency: 'EUR' })
  // @ts-expect-error A sum of money has a currency.
  tracker.track('AddToCart', { value: 1 })
  tracker.track('AddToCart', { value: 1, currency: 'EUR', content_ids: ['a'] })
  tracker.track('PageView')
  tracker.track('Lead', {}, { eventID: 'mine', pixelId: '1', userData: { em: 'jane@example.com' } })
  tracker.track('Something of our own', { anything: ['goes'] })
  tracker.trackCustom('Own', { a: 1 })
  // @ts-expect-error Consent is granted or revoked.
  tracker.consent('granted')
  tracker.on('rejected', (event, why) => [event.event_name, why])
  // @ts-expect-error There is no such outcome.
  tracker.on('lost', () => {})
  // @ts-expect-error There is no such option.
  tracker.init({ pixelID: '1' })
}

it('are checked by the compiler', () => {
  expect(calls).toBeTypeOf('function')
})
