import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../src/relay/outcome.js'
import { faster, slower, startPace } from '../../src/relay/pace.js'

const LIMITS = { laneConcurrency: 4, maxEvents: 1_000 }
const full = { failures: 0, concurrency: 4, maxEvents: 1_000 }
const retry = (cause: string): Extract<Outcome, { kind: 'retry' }> => ({ kind: 'retry', cause, ambiguous: false })
const first = { inHand: 1_000, searching: false }

describe('the pace of a lane', () => {
  it('begins with one full request', () => {
    expect(startPace(LIMITS)).toEqual({ failures: 0, concurrency: 1, maxEvents: 1_000 })
  })

  it('grows with each success up to its limits', () => {
    const small = { failures: 3, concurrency: 1, maxEvents: 300 }

    expect(faster(small, LIMITS)).toEqual({ failures: 0, concurrency: 2, maxEvents: 600 })
    expect(faster(full, LIMITS)).toEqual(full)
  })

  it('halves what it has under way when Meta throttles, and begins again with one after other trouble', () => {
    expect(slower(full, retry('throttled'), first)).toMatchObject({ concurrency: 2, failures: 1 })
    expect(slower(full, retry('server_error'), first)).toMatchObject({ concurrency: 1, maxEvents: 1_000 })
  })

  it.each(['too_large', 'timeout', 'meta_unavailable'])('halves the batch where that may help: %s', (cause) => {
    expect(slower(full, retry(cause), first).maxEvents).toBe(500)
  })

  it('goes down to single events only where size is the trouble', () => {
    const small = { inHand: 3, searching: false }

    expect(slower(full, retry('too_large'), small).maxEvents).toBe(2)
    expect(slower(full, retry('timeout'), small).maxEvents).toBe(50)
  })

  it('takes up an interrupted search where it was', () => {
    expect(slower(full, retry('server_error'), { inHand: 31, searching: true }).maxEvents).toBe(31)
  })
})
