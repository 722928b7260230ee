import { eventually } from '@pixel-mirror/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { silentLog } from '../src/logger.js'
import type { PixelBooks, QueueStatus } from '../src/queue/queue.js'
import { watchQueue } from '../src/queue-watch.js'

const BALANCED: PixelBooks = {
  pixelId: '1',
  received: 3,
  delivered: 2,
  dead: 0,
  expired: 0,
  dropped: {},
  waiting: 1,
  replayed: 0,
  lettersDropped: 0,
}
const EMPTY: QueueStatus = { waitingEvents: 0, bytes: 10, maxBytes: 1_000, deadLetters: 0 }

function setUp(booksAt?: (look: number) => PixelBooks) {
  const alarms: string[] = []
  const now = { books: BALANCED, status: EMPTY, fails: false, looks: 0 }
  const end = watchQueue({
    queue: {
      books: () => {
        now.looks++
        return now.fails
          ? Promise.reject(new Error('away'))
          : Promise.resolve({ pixels: [booksAt?.(now.looks) ?? now.books] })
      },
      status: () => Promise.resolve(now.status),
    },
    observe: (happening) => void (happening.kind === 'alarm' && alarms.push(happening.code)),
    log: silentLog,
    now: Date.now,
    everyMs: 1,
  })
  onTestFinished(end)
  const looks = (more: number) => {
    const from = now.looks
    return eventually(`${more} looks`, () => now.looks >= from + more)
  }
  return { now, alarms, looks, end }
}

describe('watchQueue()', () => {
  it('is silent while all is well', async () => {
    const { alarms, looks } = setUp()

    await looks(5)

    expect(alarms).toEqual([])
  })

  it('calls once for books that stay apart, and again when it happens anew', async () => {
    const { now, alarms, looks } = setUp()

    now.books = { ...BALANCED, received: 4 }
    await looks(6)
    expect(alarms).toEqual(['books_gap'])
    now.books = BALANCED
    await looks(3)
    now.books = { ...BALANCED, received: 4 }
    await looks(6)

    expect(alarms).toEqual(['books_gap', 'books_gap'])
  })

  it('does not call for a gap that is gone at the next look', async () => {
    const { now, alarms, looks } = setUp((look) => ({ ...BALANCED, received: look % 2 === 0 ? 3 : 4 }))

    await looks(10)

    expect(alarms).toEqual([])
    expect(now.looks).toBeGreaterThan(9)
  })

  it.each([
    [{ bytes: 800 }, ['queue_nearly_full']],
    [{ bytes: 799 }, []],
  ])('calls once when it is four fifths full: %j', async (status, expected) => {
    const { now, alarms, looks } = setUp()

    now.status = { ...EMPTY, ...status }
    await looks(4)

    expect(alarms).toEqual(expected)
  })

  it('goes on looking after the queue was out of reach', async () => {
    const { now, alarms, looks } = setUp()

    now.fails = true
    await looks(3)
    now.fails = false
    now.status = { ...EMPTY, bytes: 999 }
    await looks(4)

    expect(alarms).toEqual(['queue_nearly_full'])
  })

  it('ends when it is told to', async () => {
    const { now, looks, end } = setUp()

    await looks(1)
    end()
    const before = now.looks
    await new Promise((resolve) => setTimeout(resolve, 50))

    expect(now.looks - before).toBeLessThanOrEqual(1)
  })
})
