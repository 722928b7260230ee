import { expect, it } from 'vitest'
import { gap } from '../src/queue/queue.js'

it('finds no gap when everything received is accounted for', () => {
  const books = {
    pixelId: '1',
    received: 10,
    delivered: 4,
    dead: 1,
    expired: 1,
    dropped: { duplicate: 2 },
    waiting: 2,
    replayed: 0,
    lettersDropped: 0,
  }

  expect(gap(books)).toBe(0)
  expect(gap({ ...books, waiting: 1 })).toBe(1)
})
