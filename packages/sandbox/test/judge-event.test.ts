import { expect, it } from 'vitest'
import { judgeEvent } from '../src/index.js'
import { NOW_MS, pageView, purchase } from './sample.js'

it('tells without a sandbox what Meta would have against an event', () => {
  expect(judgeEvent(purchase({ custom_data: { value: 1 } }), NOW_MS)).toEqual({
    name: 'purchase_without_currency',
    code: 100,
    subcode: 2804010,
    title: 'Missing Currency for Purchase Event',
    message: expect.stringContaining('currency') as string,
    evidence: 'observed',
    path: 'custom_data.currency',
  })
  expect(judgeEvent(pageView({ event_id: 7 }), NOW_MS)?.message).toBe('The parameter event_id has the wrong type.')
})

it('has nothing against a good one', () => {
  expect(judgeEvent(purchase(), NOW_MS)).toBeUndefined()
})
