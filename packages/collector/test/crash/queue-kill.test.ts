import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startNode } from '@pixel-mirror/testing'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Queue } from '../../src/queue/queue.js'
import { gap } from '../../src/queue/queue.js'
import { openSqliteQueue } from '../../src/queue/sqlite/sqlite-queue.js'

/** How often the process is killed. */
const KILLS = Number(process.env['QUEUE_KILLS'] ?? 20)
const LOAD = fileURLToPath(new URL('./load-queue.mjs', import.meta.url))
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000)

/** The same numbers again for the same seed. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

function open(file: string): Promise<Queue> {
  const options = { maxBytes: 1e9, log: pino({ enabled: false }), observe: () => undefined, now: Date.now }
  return openSqliteQueue(`sqlite:${file}`, options, { ballastBytes: 65_536 })
}

/** Everything that waits, in all lanes, read and released. */
async function waitingIn(queue: Queue): Promise<number[]> {
  const ids: number[] = []
  for (const { lane } of await queue.lanes()) {
    for (;;) {
      const lease = await queue.lease(lane, { maxEvents: 1_000, maxBytes: 900_000 })
      if (lease === undefined) break
      ids.push(...lease.events.map(({ json }) => (JSON.parse(json) as { id: number }).id))
    }
  }
  return ids
}

const idsOf = (output: string, word: string) =>
  [...output.matchAll(new RegExp(`^${word} (\\d+)$`, 'gm'))].map(([, id]) => Number(id))

describe('SIGKILL at any moment', () => {
  let folder: string
  let file: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pixel-mirror-kill-'))
    file = join(folder, 'queue.db')
  })
  afterAll(() => rm(folder, { recursive: true }))

  it(`loses no acknowledged event in ${KILLS} kills under load, and the books balance after each`, async () => {
    const chance = random(SEED)
    const stored = new Set<number>()
    const sent = new Set<number>()
    let firstId = 1

    for (let kill = 0; kill < KILLS; kill++) {
      const child = startNode(LOAD, [file, String(firstId)])
      await child.printed(/^stored/m)
      await wait(chance() * 250)
      await child.stop('SIGKILL')
      // The last line may have been cut by the kill: without its line break it says nothing.
      const output = child.output().slice(0, child.output().lastIndexOf('\n') + 1)
      for (const id of idsOf(output, 'stored')) stored.add(id)
      for (const id of idsOf(output, 'sent')) sent.add(id)
      firstId += 1_000_000

      const queue = await open(file)
      const waiting = new Set(await waitingIn(queue))
      const { pixels } = await queue.books()
      await queue.close()
      const lost = [...stored].filter((id) => !sent.has(id) && !waiting.has(id))
      expect({ seed: SEED, kill, lost }).toEqual({ seed: SEED, kill, lost: [] })
      expect(pixels.map(gap)).toEqual(pixels.map(() => 0))
      expect(pixels.reduce((sum, page) => sum + page.waiting, 0)).toBe(waiting.size)
      expect(pixels.reduce((sum, page) => sum + page.received, 0)).toBeGreaterThanOrEqual(stored.size)
    }
    // Under a load that means something.
    expect(stored.size).toBeGreaterThan(KILLS * 16)
  }, 600_000)
})

describe('one process at a time', () => {
  it('refuses a second one clearly, and lets it in as soon as the first is killed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pixel-mirror-second-'))
    const file = join(folder, 'queue.db')
    const first = startNode(LOAD, [file, '1'])
    await first.printed(/^stored/m)

    await expect(open(file)).rejects.toMatchObject({
      code: 'QUEUE_IN_USE',
      message: expect.stringMatching(
        new RegExp(`^The queue ${file} is in use by process ${first.pid} on .+ since .+\\. Stop that process first`),
      ) as string,
    })
    const second = startNode(LOAD, [file, '1000000'])
    expect(await second.ended).not.toBe(0)
    expect(second.output()).toContain('QUEUE_IN_USE')
    await first.stop('SIGKILL')

    const queue = await open(file)
    expect((await queue.status()).waitingEvents).toBeGreaterThanOrEqual(0)
    await queue.close()
    await rm(folder, { recursive: true })
  }, 60_000)

  it('refuses a second use within the process too, and allows it after close()', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pixel-mirror-second-'))
    const file = join(folder, 'queue.db')
    const queue = await open(file)

    await expect(open(file)).rejects.toMatchObject({ code: 'QUEUE_IN_USE' })

    await queue.close()
    await (await open(file)).close()
    await rm(folder, { recursive: true })
  }, 60_000)
})
