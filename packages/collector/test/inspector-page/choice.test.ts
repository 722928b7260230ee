import { expect, it } from 'vitest'
import { readChoice, writeChoice } from '../../inspector-page/choice.js'

it.each([
  ['', { view: 'flow', range: '24h', pixel: '', name: '' }],
  ['#/value?range=7d&pixel=12&name=Add+to+cart', { view: 'value', range: '7d', pixel: '12', name: 'Add to cart' }],
  ['#/nonsense?range=constructor', { view: 'flow', range: '24h', pixel: '', name: '' }],
] as const)('reads the address %j', (hash, choice) => {
  expect(readChoice(hash)).toEqual(choice)
})

it('writes an address that reads the same', () => {
  const choice = { view: 'quality', range: '1h', pixel: '1', name: 'a&b=c' } as const

  expect(readChoice(writeChoice(choice))).toEqual(choice)
})
