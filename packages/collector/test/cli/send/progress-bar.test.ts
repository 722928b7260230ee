import { describe, expect, it } from 'vitest'
import { progressBar } from '../../../src/cli/send/progress-bar.js'

function setUp(output: { isTTY?: boolean; columns?: number }) {
  const written: string[] = []
  const clock = { ms: 0 }
  const bar = progressBar({ ...output, write: (text) => written.push(text) }, () => clock.ms)
  const show = (doneBytes: number, refused = 0) => bar.show({ doneBytes, totalBytes: 100, taken: 1_234, refused })
  return { written, clock, bar, show }
}

describe('progressBar()', () => {
  it('draws over itself on a terminal, with what is left to wait', () => {
    const { written, clock, show } = setUp({ isTTY: true, columns: 120 })

    show(0)
    clock.ms = 30_000
    show(50, 2)

    expect(written).toEqual([
      `\r\u001b[K[${' '.repeat(30)}] 0 %, 1,234 taken`,
      `\r\u001b[K[${'='.repeat(15)}${' '.repeat(15)}] 50 %, 1,234 taken, 2 refused, 30 s left`,
    ])
  })

  it('never wraps, or it could not draw over itself', () => {
    const { written, show } = setUp({ isTTY: true, columns: 40 })

    show(50)

    expect(written[0]?.replace('\r\u001b[K', '')).toHaveLength(40)
  })

  it('does not redraw more than ten times a second', () => {
    const { written, clock, show } = setUp({ isTTY: true })

    for (clock.ms = 0; clock.ms < 1_000; clock.ms++) show(50)

    expect(written).toHaveLength(10)
  })

  it('makes way for a line, and comes back', () => {
    const { written, bar, show } = setUp({ isTTY: true })

    show(10)
    bar.clear()
    show(11)

    expect(written[1]).toBe('\r\u001b[K')
    expect(written[2]).toContain('11 %')
  })

  it('writes a plain line every ten seconds where there is no terminal', () => {
    const { written, clock, bar, show } = setUp({})

    for (clock.ms = 0; clock.ms <= 30_000; clock.ms += 100) show(50)
    bar.clear()

    expect(written).toHaveLength(3)
    expect(written[0]).toBe('50 %, 1,234 taken, 10 s left\n')
  })
})
