import { describe, expect, it } from 'vitest'
import { LogState } from '../../../src/queue/jetstream/log-state.js'
import type { PageFacts } from '../../../src/queue/jetstream/messages.js'
import { emptyPage, writePage } from '../../../src/queue/jetstream/page.js'
import { PixelState } from '../../../src/queue/jetstream/pixel-state.js'

const chunk = (version: number) => ({
  id: `chunk ${version}`,
  version,
  before: version - 1,
  receivedAtMs: 0,
  events: 1,
  bytes: 2,
  hashes: '',
})
const page = (version: number, more: Partial<PageFacts> = {}): PageFacts => ({
  ...writePage({ ...emptyPage(), version }, `page ${version}`),
  ...more,
})
const LETTERS: PageFacts['letters'] = { diedAtMs: 0, runs: [['dead', 'rejected', '', 1]] }
const doomed = (pixel: PixelState) => [...pixel.doomed.keys()].sort((one, other) => one - other)

describe('What a pixel dooms to be deleted', () => {
  it('is each page that another has overwritten, but not the one that counts', () => {
    const pixel = new PixelState('1')

    pixel.takePage(1, 'r', page(1))
    pixel.takePage(2, 'r', page(2))
    pixel.takePage(3, 'r', page(3))

    expect(doomed(pixel)).toEqual([1, 2])
  })

  it('is not a page with letters, as long as they stand', () => {
    const pixel = new PixelState('1')

    pixel.takePage(1, 'l', page(1, { letters: LETTERS }))
    pixel.takePage(2, 'r', page(2))
    expect(doomed(pixel)).toEqual([])
    pixel.takeSwept(3, { id: 'note', bucket: 0, hashes: '', letters: [1] })

    expect(doomed(pixel)).toEqual([1])
  })

  it('is a chunk that a note names, and no other that has left', () => {
    const pixel = new PixelState('1')
    for (const version of [1, 2, 3]) pixel.takeChunk(version, chunk(version))

    pixel.takePage(4, 'r', page(1, { settled: '1-2' }))
    pixel.takeSwept(5, { id: 'note', bucket: 0, hashes: '', chunks: '1' })

    expect(doomed(pixel)).toEqual([1])
    expect([...pixel.live.keys()]).toEqual([3])
  })

  it('is forgotten when a page says that it is deleted, and only what was doomed by then', () => {
    const pixel = new PixelState('1')
    pixel.takePage(1, 'r', page(1))
    pixel.takePage(2, 'r', page(2))
    pixel.takePage(3, 'r', page(3))

    pixel.takePage(4, 'r', page(4, { cleanedTo: 2 }))

    expect(doomed(pixel)).toEqual([2, 3])
    expect(pixel.cleanedTo).toBe(2)
  })

  it('is remembered when it was the last page of its subject, and so could not be deleted with the others', () => {
    const pixel = new PixelState('1')
    pixel.takePage(1, 'r', page(1))
    pixel.takePage(2, 'l', page(2, { letters: LETTERS }))

    pixel.takePage(3, 'r', page(3, { cleanedTo: 2 }))

    expect(doomed(pixel)).toEqual([1])
  })
})

describe('The message that the next one must come after', () => {
  const LAST = 'log.r.1'

  it('is the one before, when the last is deleted and the brokers say so', () => {
    const state = new LogState('log', () => undefined)
    state.take({ subject: LAST, seq: 1, timeMs: 0, facts: JSON.stringify(page(1)) })
    state.take({ subject: LAST, seq: 2, timeMs: 0, facts: JSON.stringify(page(1)) })

    state.lastIs('r', '1', 1, 2)

    expect(state.pixel('1').lastSeq.r).toBe(1)
  })

  it('is a newer one, when that was read before the brokers had their say', () => {
    const state = new LogState('log', () => undefined)
    state.take({ subject: LAST, seq: 1, timeMs: 0, facts: JSON.stringify(page(1)) })
    state.take({ subject: LAST, seq: 3, timeMs: 0, facts: JSON.stringify(page(2)) })

    state.lastIs('r', '1', 1, 2)

    expect(state.pixel('1').lastSeq.r).toBe(3)
  })
})

describe('What does not count', () => {
  it('is forgotten when a page says that it is deleted, but not while it is the last chunk of its pixel', () => {
    const pixel = new PixelState('1')
    pixel.takeChunk(1, chunk(1))
    pixel.takeChunk(2, chunk(1))
    pixel.takeChunk(3, chunk(2))
    pixel.takeChunk(4, chunk(2))

    pixel.takePage(5, 'r', page(1, { cleanedTo: 4 }))
    expect([...pixel.voids.keys()]).toEqual([4])
    pixel.takeChunk(6, chunk(3))
    pixel.takePage(7, 'r', page(2, { cleanedTo: 5 }))
    expect([...pixel.voids.keys()]).toEqual([4])
    pixel.takePage(8, 'r', page(3, { cleanedTo: 6 }))

    expect([...pixel.voids.keys()]).toEqual([])
  })
})
