/**
 * A process that uses a queue hard until it is killed, and says on its output what it was promised and what it did:
 *
 *     stored <id>     append() has resolved: from here on the event may not be lost
 *     sent <id>       the event was leased and, as it were, taken by Meta
 *
 * Each line leaves before the next step, so that whoever reads them knows at least what happened.
 *
 *     node load-queue.mjs <file> <first id> [append]
 */
import { writeSync } from 'node:fs'
import { openQueue } from '../../dist/index.js'

const [file, firstId, mode] = process.argv.slice(2)
const LANES = [
  { pixelId: '1000000000000001' },
  { pixelId: '1000000000000002' },
  { pixelId: '1000000000000001', testEventCode: 'TEST1' },
]
const log = { info() {}, warn: console.error, error: console.error }
const queue = await openQueue(`sqlite:${file}`, { maxBytes: 1e9, log, observe() {}, now: Date.now })
let nextId = Number(firstId)

function say(word, ids) {
  let rest = Buffer.from(ids.map((id) => `${word} ${id}\n`).join(''))
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest))
    } catch (error) {
      // The reader is behind, and the pipe is full: try again.
      if (error.code !== 'EAGAIN') throw error
    }
  }
}
const anyOf = (list) => list[Math.floor(Math.random() * list.length)]
const idOf = ({ json }) => JSON.parse(json).id

function someEvent() {
  const id = nextId++
  const json = JSON.stringify({ id, filler: 'é'.repeat(Math.random() * 600) })
  return { lane: anyOf(LANES), eventName: 'Purchase', eventId: `id-${id}`, eventTimeMs: 1, deadlineMs: 4e12, json }
}

async function append() {
  for (;;) {
    const events = Array.from({ length: 1 + Math.floor(Math.random() * 4) }, someEvent)
    const bots = Math.random() < 0.1 ? [{ pixelId: LANES[1].pixelId, reason: 'bot', count: 1 }] : []
    await queue.append(events, bots)
    say('stored', events.map(idOf))
  }
}

async function relay(lane) {
  for (;;) {
    const lease = await queue.lease(lane, { maxEvents: anyOf([1, 20, 1_000]), maxBytes: 900_000 })
    if (lease === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      continue
    }
    const verdicts = lease.events.map(({ ref }) => verdict(ref))
    const gone = lease.events.filter((_, index) => verdicts[index].kind !== 'free')
    if (gone.length > 0) say('sent', gone.map(idOf))
    await queue.settle(lease, verdicts)
  }
}

/** Mostly all goes well; now and then some of a batch do not. */
function verdict(ref) {
  const chance = Math.random()
  if (chance < 0.01) return { ref, kind: 'free', ambiguousSinceMs: Date.now() }
  if (chance < 0.015) return { ref, kind: 'dead', reason: { cause: 'refused_by_meta', message: 'No.' } }
  return { ref, kind: 'delivered' }
}

say('ready', [process.pid])
await Promise.all([...Array.from({ length: 16 }, append), ...(mode === 'append' ? [] : LANES.map(relay))])
