import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Search } from '../../src/relay/bisect.js'
import { afterAccepted, afterRefused, nextToSend, startSearch } from '../../src/relay/bisect.js'

/** Meta, all or nothing. Returns what was delivered, what died, and how many requests it took. */
function play(
  count: number,
  bad: ReadonlySet<number>,
  hint: (sent: readonly number[]) => number | undefined = () => undefined,
) {
  const delivered: number[] = []
  const dead: number[] = []
  let search: Search = startSearch(count)
  let requests = 0
  for (let sent = nextToSend(search); sent !== undefined; sent = nextToSend(search)) {
    requests++
    if (sent.some((position) => bad.has(position))) {
      if (sent.length === 1) dead.push(...sent)
      search = afterRefused(search, hint(sent))
    } else {
      delivered.push(...sent)
      search = afterAccepted(search)
    }
  }
  return { delivered, dead, requests }
}

const ascending = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)
const others = (count: number, bad: ReadonlySet<number>) =>
  Array.from({ length: count }, (_, position) => position).filter((position) => !bad.has(position))

const badSets = fc
  .integer({ min: 1, max: 1_000 })
  .chain((count) => fc.tuple(fc.constant(count), fc.uniqueArray(fc.nat(count - 1), { maxLength: Math.min(count, 60) })))

describe('the search for bad events', () => {
  it('sends all at once first, and needs no more when all are good', () => {
    expect(play(1_000, new Set())).toMatchObject({ requests: 1 })
  })

  it('delivers each good event once, and lets exactly the bad ones die, each refused alone', () => {
    fc.assert(
      fc.property(badSets, ([count, positions]) => {
        const bad = new Set(positions)

        const { delivered, dead } = play(count, bad)

        expect(ascending(dead)).toEqual(ascending(positions))
        expect(ascending(delivered)).toEqual(others(count, bad))
      }),
    )
  })

  it('finds one bad event among 1,000 with at most 14 requests, wherever it is', () => {
    const most = Math.max(...others(1_000, new Set()).map((position) => play(1_000, new Set([position])).requests))

    expect(most).toBeLessThanOrEqual(14)
  })

  it('needs about ten requests for each of a few bad events, and about one for each of many', () => {
    fc.assert(
      fc.property(badSets, ([count, positions]) => {
        const levels = Math.ceil(Math.log2(Math.max(2, count)))

        const { requests } = play(count, new Set(positions))

        expect(requests).toBeLessThanOrEqual(1 + positions.length * (levels + 3) + levels)
        expect(requests).toBeLessThanOrEqual(2 * count + levels * levels)
      }),
    )
  })

  it('spends about a request an event where all are bad', () => {
    expect(play(1_000, new Set(others(1_000, new Set()))).requests).toBeLessThanOrEqual(1_000 + 70)
  })

  it('believes a hint just as far as it proves right', () => {
    const bad = new Set([700])
    const right = play(1_000, bad, (sent) => sent.indexOf(700))
    const wrong = play(1_000, bad, () => 0)

    expect(right).toMatchObject({ dead: [700], requests: 3 })
    expect(wrong.dead).toEqual([700])
    expect(wrong.requests).toBeLessThanOrEqual(15)
  })

  it('loses nothing by any hints, however wrong', () => {
    fc.assert(
      fc.property(
        badSets,
        fc.infiniteStream(fc.option(fc.nat(1_200), { nil: undefined })),
        ([count, positions], hints) => {
          const bad = new Set(positions)
          const given = hints[Symbol.iterator]()

          const { delivered, dead } = play(count, bad, () => given.next().value as number | undefined)

          expect(ascending(dead)).toEqual(ascending(positions))
          expect(ascending(delivered)).toEqual(others(count, bad))
        },
      ),
    )
  })

  it('ends also when Meta contradicts itself, with every event delivered or refused alone', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.infiniteStream(fc.boolean()), (count, answers) => {
        const given = answers[Symbol.iterator]()
        const ended = new Map<number, string>()
        let search = startSearch(count)
        let requests = 0
        for (let sent = nextToSend(search); sent !== undefined; sent = nextToSend(search)) {
          expect(sent.length).toBeGreaterThan(0)
          expect(++requests).toBeLessThan(20 * count + 20)
          const accepted = given.next().value as boolean
          if (accepted || sent.length === 1) for (const one of sent) ended.set(one, accepted ? 'delivered' : 'dead')
          search = accepted ? afterAccepted(search) : afterRefused(search)
        }
        expect(ended.size).toBe(count)
      }),
    )
  })
})
