import { describe, expect, it } from 'vitest'
import { createMetaClock } from '../../src/relay/meta-clock.js'

const START_MS = Date.UTC(2026, 0, 15, 12)
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** A machine whose clock is ahead of Meta's by so much, and may be set anew. */
function machine(initiallyAheadMs: number) {
  let aheadMs = initiallyAheadMs
  let elapsedMs = 0
  const said: string[] = []
  const metaMs = () => START_MS + elapsedMs
  const clock = createMetaClock({
    now: () => metaMs() + aheadMs,
    clockMs: () => 5_000 + elapsedMs,
    onWrong: (ms) => said.push(`wrong by ${Math.round(ms / 1_000)} s`),
    onRight: () => said.push('right'),
  })
  return {
    clock,
    said,
    metaMs,
    set: (ms: number) => void (aheadMs = ms),
    pass: (ms: number) => void (elapsedMs += ms),
    answer: (tookMs = 100) => clock.heard(new Date(metaMs() - tookMs / 2).toUTCString(), tookMs),
  }
}

describe("Meta's clock", () => {
  it('is that of the machine while Meta has said nothing, or about the same', () => {
    const { clock, metaMs, answer, said } = machine(20_000)

    expect(clock.now()).toBe(metaMs() + 20_000)
    answer()
    answer()

    expect(clock.now()).toBe(metaMs() + 20_000)
    expect(said).toEqual([])
  })

  it.each([
    ['behind', -DAY_MS],
    ['behind', -63_000],
    ['ahead', 63_000],
    ['ahead', 8 * DAY_MS],
  ])('is followed where the machine is far %s (%i ms), and somebody is told once', (_, aheadMs) => {
    const { clock, metaMs, answer, pass, said } = machine(aheadMs)

    for (let round = 0; round < 5; round++) {
      answer()
      pass(HOUR_MS)
    }

    expect(Math.abs(clock.now() - metaMs())).toBeLessThan(1_000)
    expect(said).toEqual([`wrong by ${Math.round(aheadMs / 1_000)} s`])
  })

  it('is known on when the clock of the machine jumps: nothing expires before Meta has been asked again', () => {
    const { clock, metaMs, answer, pass, set } = machine(0)
    answer()
    answer()

    pass(HOUR_MS)
    set(8 * DAY_MS)

    expect(Math.abs(clock.now() - metaMs())).toBeLessThan(1_000)
  })

  it('is told again only after the clock was right', () => {
    const { answer, set, said } = machine(HOUR_MS)
    answer()
    answer()

    set(0)
    answer()
    set(2 * HOUR_MS)
    answer()
    answer()

    expect(said).toEqual(['wrong by 3600 s', 'right', 'wrong by 7200 s'])
  })

  it('is not believed by one answer alone, nor by two that contradict each other', () => {
    const { clock, metaMs, said } = machine(0)

    clock.heard(new Date(START_MS - DAY_MS).toUTCString(), 100)
    clock.heard(new Date(START_MS + DAY_MS).toUTCString(), 100)
    clock.heard(new Date(START_MS).toUTCString(), 100)

    expect(clock.now()).toBe(metaMs())
    expect(said).toEqual([])
  })

  it('takes how long an answer took for uncertainty', () => {
    const { answer, said } = machine(65_000)

    answer(15_000)
    answer(15_000)

    expect(said).toEqual([])
  })

  it.each([undefined, '', 'soon', ['Thu, 15 Jan 2026 12:00:00 GMT']])('is not told by the header %j', (header) => {
    expect(machine(0).clock.heard(header, 1)).toBeUndefined()
  })
})
