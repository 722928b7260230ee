import { eventually } from '@pixel-mirror/testing'
import { describe, expect, it } from 'vitest'
import { QueueInUseError, QueueUnavailableError } from '../../../src/errors.js'
import type { LastingThread } from '../../../src/queue/sqlite/lasting-thread.js'
import { lastingThread } from '../../../src/queue/sqlite/lasting-thread.js'

/** Starts a thread that is not the queue's but does what it is asked, also to break. */
function start(behaviour: string) {
  const told = { alarms: [] as string[], notes: [] as string[] }
  const clock = { elapsedMs: 0 }
  const opening = lastingThread({
    data: { path: `/queue/${behaviour}`, maxBytes: 1, ballastBytes: 1 },
    url: new URL('./fake-worker.mjs', import.meta.url),
    watch: { alarm: (code, message) => told.alarms.push(`${code}: ${message}`), note: (text) => told.notes.push(text) },
    now: () => 0,
    elapsedMs: () => clock.elapsedMs,
  })
  return { opening, told, clock }
}

/** Any call will do: the thread answers with its name. */
const ask = (thread: LastingThread, how = 'answer', trouble = 'unreachable') =>
  (thread.call as (...args: unknown[]) => Promise<unknown>)('status', how, trouble)

describe('the thread of the queue', () => {
  it('answers, and ends when it is told to', async () => {
    const { opening, told } = start('healthy')
    const thread = await opening

    expect(await ask(thread)).toBe('status')
    await thread.close()

    await expect(ask(thread)).rejects.toThrow(QueueUnavailableError)
    expect(told.alarms).toEqual([])
  })

  it.each([
    ['in-use', QueueInUseError],
    ['dies-at-start', QueueUnavailableError],
    ['always-damaged', QueueUnavailableError],
  ])('is not there when its file is %s', async (behaviour, error) => {
    const { opening } = start(behaviour)

    await expect(opening).rejects.toThrow(error)
  })

  it('is started once more, with a repair, when it finds its file damaged', async () => {
    const { opening, told } = start('damaged')
    const thread = await opening

    expect(told.notes).toEqual(['start 0 whole', `start ${2 ** 32} as asked: QUEUE_DAMAGED`])
    await thread.close()
  })

  it.each(['breaks', 'dies', 'throws'])('fails all that it was asked when it %s, alarms, and refuses', async (how) => {
    const { opening, told } = start('healthy')
    const thread = await opening

    const waiting = ask(thread, 'never')
    await expect(ask(thread, how)).rejects.toThrow(QueueUnavailableError)
    await expect(waiting).rejects.toThrow(QueueUnavailableError)
    await eventually('the thread to be down', () => thread.trouble())

    expect(told.alarms).toEqual([expect.stringMatching(/^queue_refusing: The queue file cannot be used/)])
    await expect(ask(thread)).rejects.toThrow(QueueUnavailableError)
    await thread.close()
  })

  it('lives again when it is asked a second later, with leases that no other life gave out', async () => {
    const { opening, told, clock } = start('healthy')
    const thread = await opening
    await expect(ask(thread, 'dies')).rejects.toThrow()
    await eventually('the thread to be down', () => thread.trouble())

    clock.elapsedMs = 999
    await expect(ask(thread)).rejects.toThrow(QueueUnavailableError)
    clock.elapsedMs = 1_000

    expect(await Promise.all([ask(thread), ask(thread)])).toEqual(['status', 'status'])
    expect(told.notes).toEqual(['start 0 whole', `start ${2 ** 32} whole`, 'The queue takes events again.'])
    await thread.close()
  })

  it('lives again at once, with a repair, when the file showed damage; not for ever', async () => {
    const { opening, told } = start('healthy')
    const thread = await opening

    for (let repair = 0; repair < 7; repair++) {
      await ask(thread, 'breaks', 'damaged').catch(() => undefined)
      await eventually('the thread to be down', () => thread.trouble())
    }

    const repairs = told.notes.filter((note) => note.endsWith('as asked'))
    expect(repairs).toHaveLength(5)
    await thread.close()
  })
})
