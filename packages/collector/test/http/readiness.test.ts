import { describe, expect, it, onTestFinished } from 'vitest'
import { createReadiness } from '../../src/http/readiness.js'

function readinessOf(queue: { probe?: () => Promise<void>; refusing?: string } = {}) {
  const clock = { nowMs: 1_000_000 }
  const status = () => ({ waitingEvents: 0, bytes: 0, maxBytes: 1, deadLetters: 0 })
  const readiness = createReadiness(
    () => ({
      probe: queue.probe ?? (() => Promise.resolve()),
      status: () => Promise.resolve({ ...status(), ...(queue.refusing && { refusing: queue.refusing }) }),
    }),
    () => clock.nowMs,
  )
  onTestFinished(() => readiness.close())
  return { readiness, clock }
}

describe('createReadiness()', () => {
  it('is not ready before the first commit', () => {
    expect(readinessOf().readiness.report()).toEqual({ ready: false, reasons: ['starting', 'no_recent_commit'] })
  })

  it('is ready after a real commit', async () => {
    const { readiness, clock } = readinessOf()

    await readiness.start()
    clock.nowMs += 3_000

    expect(readiness.report()).toEqual({ ready: true, reasons: [], lastCommitAgeMs: 3_000 })
  })

  it('is not ready when the storage takes no commit', async () => {
    const { readiness } = readinessOf({ probe: () => Promise.reject(new Error('read-only')) })

    await readiness.start()

    expect(readiness.report()).toEqual({ ready: false, reasons: ['no_recent_commit'] })
  })

  it('is no longer ready when the last commit is too long ago', async () => {
    const { readiness, clock } = readinessOf()
    await readiness.start()

    clock.nowMs += 10_001

    expect(readiness.report()).toMatchObject({ ready: false, reasons: ['no_recent_commit'] })
  })

  it('says why the queue refuses', async () => {
    const { readiness } = readinessOf({ refusing: 'disk_full' })

    await readiness.start()

    expect(readiness.report()).toMatchObject({ ready: false, reasons: ['disk_full'] })
  })

  it('is not ready while closing, though commits succeed', async () => {
    const { readiness } = readinessOf()
    await readiness.start()

    readiness.close()

    expect(readiness.report()).toMatchObject({ ready: false, reasons: ['closing'] })
  })

  it('goes on probing, never only at start', async () => {
    let commits = 0
    const { readiness } = readinessOf({ probe: () => Promise.resolve(void commits++) })

    await readiness.start()

    await expect.poll(() => commits, { timeout: 15_000 }).toBeGreaterThan(1)
  })
})
