import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { QueueFullError, QueueUnavailableError } from '../../../src/errors.js'
import type { LaneKey } from '../../../src/queue/queue.js'
import type { Appended, FlatDrops, FlatEvents } from '../../../src/queue/sqlite/append.js'
import { ENTRIES_PER_EVENT } from '../../../src/queue/sqlite/append.js'
import { groupCommit } from '../../../src/queue/sqlite/group-commit.js'
import { someEvent, someEvents } from '../queue-contract.js'

const NOTHING: Appended = { duplicates: [], lanes: [] }

/** A commit that ends when the test says so. */
function controlled() {
  const commits: {
    events: FlatEvents
    drops: FlatDrops
    end: (appended: Appended) => void
    fail: (error: Error) => void
  }[] = []
  const told: [LaneKey, number][] = []
  const group = groupCommit(
    (events, drops) => new Promise((end, fail) => commits.push({ events, drops, end, fail })),
    (lane, added) => told.push([lane, added]),
  )
  return { group, commits, told, sizes: () => commits.map(({ events }) => events.length / ENTRIES_PER_EVENT) }
}

describe('groupCommit()', () => {
  it('sends what one turn of the event loop brings as one commit', async () => {
    const { group, commits, sizes } = controlled()

    const answers = [group.append(someEvents(2), []), group.append(someEvents(3), [])]
    await turn()

    expect(sizes()).toEqual([5])
    commits[0]!.end(NOTHING)
    expect((await Promise.all(answers)).map(({ stored }) => stored.length)).toEqual([2, 3])
  })

  it('gathers what arrives during a commit for the next one', async () => {
    const { group, commits, sizes } = controlled()
    const first = [1, 1, 1, 1, 1].map((count) => group.append(someEvents(count), []))
    await turn()

    const later = [group.append(someEvents(1), []), group.append(someEvents(2), [])]
    await turn()
    expect(sizes()).toEqual([5])
    commits[0]!.end(NOTHING)
    await Promise.all(first)

    expect(sizes()).toEqual([5, 3])
    commits[1]!.end(NOTHING)
    await Promise.all(later)
  })

  it('sends one ahead as soon as it is half as large as the one under way, and gathers the rest', async () => {
    const { group, commits, sizes } = controlled()
    const append = async (requests: number) => {
      const answers = Array.from({ length: requests }, () => group.append(someEvents(1), []))
      await turn()
      return answers
    }
    const first = await append(6)

    const ahead = [...(await append(2)), ...(await append(1))]
    expect(sizes()).toEqual([6, 3])

    const rest = await append(9)
    expect(sizes()).toEqual([6, 3])
    commits[0]!.end(NOTHING)
    await Promise.all(first)
    expect(sizes()).toEqual([6, 3, 9])

    commits[1]!.end(NOTHING)
    commits[2]!.end(NOTHING)
    await Promise.all([...ahead, ...rest])
  })

  it('ends only when none is under way', async () => {
    const { group, commits } = controlled()
    const answers = [group.append(someEvents(1), [])]
    await turn()
    answers.push(group.append(someEvents(1), []))
    await turn()
    let over = false
    const ended = group.end().then(() => (over = true))

    commits[1]!.end(NOTHING)
    await answers[1]
    await turn()
    expect(over).toBe(false)
    commits[0]!.end(NOTHING)

    await Promise.all([...answers, ended])
  })

  it('says of each event whether it was known, to the caller it belongs to', async () => {
    const { group, commits } = controlled()
    const answers = [1, 3, 0, 2].map((count) => group.append(someEvents(count), []))
    await turn()

    commits[0]!.end({ duplicates: [0, 2, 5], lanes: [] })

    expect((await Promise.all(answers)).map(({ stored }) => stored)).toEqual([
      ['duplicate'],
      ['stored', 'duplicate', 'stored'],
      [],
      ['stored', 'duplicate'],
    ])
  })

  it('tells which lanes got events', async () => {
    const { group, commits, told } = controlled()
    const answer = group.append([someEvent()], [])
    await turn()

    commits[0]!.end({ duplicates: [], lanes: [{ key: { pixelId: '1' }, added: 7 }] })
    await answer

    expect(told).toEqual([[{ pixelId: '1' }, 7]])
  })

  it('fails all callers of a commit that failed, and goes on with the next', async () => {
    const { group, commits } = controlled()
    const lost = [group.append(someEvents(1), []), group.append(someEvents(1), [])]
    await turn()
    const next = group.append(someEvents(1), [])

    commits[0]!.fail(new QueueFullError())
    await Promise.all(lost.map((answer) => expect(answer).rejects.toThrow(QueueFullError)))

    expect(commits).toHaveLength(2)
    commits[1]!.end(NOTHING)
    expect((await next).stored).toEqual(['stored'])
  })

  it.each([
    ['2 MB', 5, 1_000_000],
    ['4,096 requests', 9_000, 10],
  ])('puts at most %s into one commit', async (_, count, size) => {
    const { group, commits } = controlled()
    const answers = Array.from({ length: count }, () => group.append([someEvent({ json: 'x'.repeat(size) })], []))
    await turn()

    for (let commit = 0; commit < 3; commit++) {
      commits[commit]!.end(NOTHING)
      await turn()
    }

    await Promise.all(answers)
    expect(commits).toHaveLength(3)
  })

  it('refuses when too much waits for a disk that does not answer', async () => {
    const { group } = controlled()
    const big = () => group.append([someEvent({ json: 'x'.repeat(1_000_000) })], [])
    const taken = Array.from({ length: 33 }, big)
    for (const answer of taken) answer.catch(() => undefined)

    await expect(big()).rejects.toThrow(QueueFullError)
  })

  it('counts only what waits: any amount may pass', async () => {
    const group = groupCommit(
      () => Promise.resolve(NOTHING),
      () => undefined,
    )

    for (let megabyte = 0; megabyte < 40; megabyte++) {
      const { stored } = await group.append([someEvent({ json: 'x'.repeat(1_000_000) })], [])
      expect(stored).toEqual(['stored'])
    }
  })

  it('ends when all it has taken is committed, and takes no more', async () => {
    const { group, commits } = controlled()
    const answer = group.append(someEvents(1), [])
    const ended = group.end()

    await expect(group.append(someEvents(1), [])).rejects.toThrow(QueueUnavailableError)
    await turn()
    commits[0]!.end(NOTHING)

    await expect(Promise.all([answer, ended])).resolves.toBeDefined()
    await expect(controlled().group.end()).resolves.toBeUndefined()
  })
})
