import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { IncomingEvent } from '@pixel-mirror/common'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TryAgainError, type Delivered } from '../../../src/cli/send/destination.js'
import type { Order } from '../../../src/cli/send/order.js'
import { NOTHING_SENT, type Progress } from '../../../src/cli/send/progress-file.js'
import { sendFile, type SendOptions } from '../../../src/cli/send/send-file.js'

describe('sendFile()', () => {
  let folder: string
  let file: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pixel-mirror-send-'))
    file = join(folder, 'orders')
    await writeFile(file, 'x')
  })
  afterEach(() => rm(folder, { recursive: true }))

  const order = (line: number, event: IncomingEvent = { event_id: `e${line}` }): Order => ({
    line,
    endByte: line,
    event,
  })

  async function* all(orders: readonly Order[]): AsyncGenerator<Order> {
    await Promise.resolve()
    yield* orders
  }

  function setUp(orders: readonly Order[], more: Partial<SendOptions> = {}) {
    const batches: IncomingEvent[][] = []
    const written: Progress[] = []
    const problems: [number, string][] = []
    const options: SendOptions = {
      file,
      orders: all(orders),
      destination: {
        name: 'a test',
        close: () => Promise.resolve(),
        deliver(events): Promise<Delivered> {
          batches.push([...events])
          return Promise.resolve({ taken: events.length, refused: [] })
        },
      },
      defaults: { event_name: 'Purchase' },
      from: NOTHING_SENT,
      onProgress(progress) {
        written.push(progress)
        return Promise.resolve()
      },
      onStep: () => undefined,
      onProblem: (line, reason) => problems.push([line, reason]),
      onWaiting: () => undefined,
      signal: new AbortController().signal,
      ...more,
    }
    return { batches, written, problems, options }
  }

  it('sends in batches of 500 and writes down how far it is after each', async () => {
    const { batches, written, options } = setUp(Array.from({ length: 1_200 }, (_, index) => order(index + 2)))

    const result = await sendFile(options)

    expect(batches.map(({ length }) => length)).toEqual([500, 500, 200])
    expect(written.map(({ line }) => line)).toEqual([501, 1_001, 1_201])
    expect(result).toEqual({ ending: 'finished', progress: { line: 1_201, taken: 1_200, refused: 0, broken: 0 } })
  })

  it('keeps batches below the size that a collector takes', async () => {
    const big = (line: number) => order(line, { event_id: `e${line}`, custom_data: { note: 'x'.repeat(150_000) } })
    const { batches, options } = setUp([2, 3, 4, 5].map(big))

    await sendFile(options)

    expect(batches.map(({ length }) => length)).toEqual([3, 1])
  })

  it('begins behind the line where it stopped', async () => {
    const from = { line: 3, taken: 2, refused: 0, broken: 0 }
    const { batches, options } = setUp([order(2), order(3), order(4)], { from })

    const { progress } = await sendFile(options)

    expect(batches.flat().map(({ event_id }) => event_id)).toEqual(['e4'])
    expect(progress).toEqual({ line: 4, taken: 3, refused: 0, broken: 0 })
  })

  it('tells broken and refused lines by their number, and sends the rest', async () => {
    const broken: Order = { line: 3, endByte: 3, problem: 'is not JSON' }
    const { problems, options } = setUp([order(2), broken, order(4), order(9)])
    options.destination.deliver = () =>
      Promise.resolve({ taken: 2, refused: [{ index: 1, reason: 'custom_data.currency: is missing.' }] })

    const { progress } = await sendFile(options)

    expect(problems).toEqual([
      [3, 'is not JSON'],
      [4, 'custom_data.currency: is missing.'],
    ])
    expect(progress).toEqual({ line: 9, taken: 2, refused: 1, broken: 1 })
  })

  it('counts a broken line once, however many batches follow', async () => {
    const broken: Order = { line: 2, endByte: 2, problem: 'is not JSON' }
    const { options } = setUp([broken, ...Array.from({ length: 1_200 }, (_, index) => order(index + 3))])

    expect((await sendFile(options)).progress).toMatchObject({ taken: 1_200, broken: 1 })
  })

  it('gives events what they lack, and each an id that is the same the next time', async () => {
    const orders = [
      order(2, { custom_data: { order_id: 'A-7' } }),
      order(3, { event_name: 'Lead', user_data: { em: 'a@example.com' } }),
    ]
    const first = setUp(orders)
    const second = setUp(orders)

    await sendFile(first.options)
    await sendFile(second.options)

    expect(first.batches.flat()).toMatchObject([
      { event_name: 'Purchase', event_id: 'A-7' },
      { event_name: 'Lead', event_id: expect.stringMatching(/^[0-9a-f]{32}$/) as string },
    ])
    expect(second.batches).toEqual(first.batches)
  })

  it('tries again when the destination asks for it', async () => {
    const { options, batches } = setUp([order(2)])
    const deliver = options.destination.deliver.bind(options.destination)
    let calls = 0
    options.destination.deliver = (events) =>
      ++calls < 3 ? Promise.reject(new TryAgainError('full', 1)) : deliver(events)

    const { ending } = await sendFile(options)

    expect(ending).toBe('finished')
    expect(batches).toHaveLength(1)
  })

  it('gives up when nothing is taken for too long, with the line from which to go on', async () => {
    const { options } = setUp([order(2)])
    options.destination.deliver = () => Promise.reject(new TryAgainError('away', 0))

    expect(await sendFile(options)).toEqual({ ending: 'gave_up', progress: NOTHING_SENT })
  })

  it('finishes the batch that is under way when it is to stop', async () => {
    const stop = new AbortController()
    const orders = Array.from({ length: 1_200 }, (_, index) => order(index + 2))
    const { options, written, batches } = setUp(orders, { signal: stop.signal })
    const deliver = options.destination.deliver.bind(options.destination)
    options.destination.deliver = (events) => {
      stop.abort()
      return deliver(events)
    }

    const { ending, progress } = await sendFile(options)

    expect(ending).toBe('stopped')
    expect(batches).toHaveLength(1)
    expect(written.at(-1)).toEqual(progress)
    expect(progress.taken).toBe(500)
  })
})
