import { describe, expect, it } from 'vitest'
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
