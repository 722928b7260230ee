/**
 * The torture rack: an oracle remembers every acknowledgement, while the collector is killed, frozen and restarted at random moments, the power
 * fails, the disk fills up, the clock jumps, the network is cut and slow, and Meta misbehaves in every way. Then everything is calm, and every
 * acknowledged event must have arrived, or lie among the dead letters for a reason that is true.
 *
 *     node bench/torture.mjs [--seconds 30 | --minutes 10] [--seed 1] [--clients 8] [--parks]
 *
 * Needs a build (`pnpm build`). The same seed gives the same faults in the same order; what they hit is up to the machine. `--parks` also revokes
 * tokens and permissions: such a pixel is tried again after a minute, so the run takes longer. A full disk takes root (it is a small tmpfs), power
 * cuts take strace and a jumping clock libfaketime; where one is missing, the run says so and goes on without.
 * Ends with a verdict, and with exit code 1 if a promise was broken.
 */
import { mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createSandbox } from '../packages/sandbox/dist/index.js'
import { chance } from './lib/chance.mjs'
import { collectorProcess } from './lib/collector-process.mjs'
import { fakeClock } from './lib/fake-clock.mjs'
import { smallDisk } from './lib/small-disk.mjs'
import { tcpProxy } from './lib/tcp-proxy.mjs'
import { client } from './torture/clients.mjs'
import { PIXELS } from './torture/events.mjs'
import { around, onCollector, poison } from './torture/faults.mjs'
import { broken, createOracle, inOneLine } from './torture/oracle.mjs'
import { powerCuts } from './torture/power-cut.mjs'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    minutes: { type: 'string' },
    seed: { type: 'string', default: String(Math.floor(Date.now() / 1000)) },
    clients: { type: 'string', default: '8' },
    parks: { type: 'boolean', default: false },
  },
})
const seconds = values.minutes === undefined ? Number(values.seconds) : Number(values.minutes) * 60
const seed = Number(values.seed)
const CALM_WITHIN_MS = values.parks ? 240_000 : 120_000
const DISK_MEGABYTES = 500
const REVIVED_WITHIN_MS = 60_000
/** So that an hour's events still fit into the oracle's and the sandbox's memory. */
const PAUSE_MS = seconds > 120 ? 10 : 0

async function main() {
  console.log(`seed ${seed}, ${seconds} s, ${values.clients} clients, ${PIXELS.length} pixels`)
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'pixel-mirror-torture-')))
  const rack = await build(folder)
  const oracle = createOracle()
  const happened = new Map()
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => void rack.takeDown().finally(() => process.exit(1)))
  }
  try {
    poison(rack.sandbox)
    await rack.collector.start()
    const endsAtMs = Date.now() + seconds * 1000
    await Promise.all([
      ...Array.from({ length: Number(values.clients) }, (_, index) =>
        client(index, { url: rack.wires['to the shops'].url, oracle, endsAtMs, pauseMs: PAUSE_MS }),
      ),
      deal(rack.inner, happened, endsAtMs),
      deal(rack.outer, happened, endsAtMs),
      progress(oracle, endsAtMs),
    ])

    rack.sandbox.clearBehaviours()
    poison(rack.sandbox)
    await rack.revive()
    const queue = await untilCalm(rack.collector)
    const verdict = oracle.judge({
      copies: rack.sandbox.copies(),
      refusals: rack.sandbox.refusals(),
      deadLetters: await rack.collector.deadLetters(),
      queue,
      damaged: (await readdir(rack.disk)).filter((name) => name.includes('damaged')),
    })
    console.table(Object.fromEntries([...happened].sort().map(([name, times]) => [name, { times }])))
    console.table(verdict)
    console.log(`seed ${seed}: ${inOneLine(verdict)}`)
    report(broken(verdict))
  } finally {
    await rack.takeDown()
    await rm(folder, { recursive: true, force: true })
  }
}

function report(wrong) {
  if (wrong.length === 0) return
  process.exitCode = 1
  const again = `node bench/torture.mjs --seed ${seed} --seconds ${seconds}${values.parks ? ' --parks' : ''}`
  console.log(`FAILED: ${wrong.join(', ')} must be 0. Again: ${again}`)
}

/** Everything that is put on the rack, and the two decks of faults: what happens to the collector, and what happens around it. */
async function build(folder) {
  const disk = join(folder, 'disk')
  await mkdir(disk)
  const small = await smallDisk(disk, DISK_MEGABYTES)
  const clock = await fakeClock(join(folder, 'clock'))
  const queueFile = join(disk, 'queue.db')
  const cutPower = await powerCuts(queueFile, join(folder, 'trace.txt'))
  if (!small) console.log('SKIPPED: a full disk (only root may mount a small one)')
  if (!clock) console.log('SKIPPED: a clock that jumps (libfaketime is not installed)')
  if (!cutPower) console.log('SKIPPED: power cuts (strace is not installed)')

  const sandbox = createSandbox({ keep: 'ids' })
  const { url: sandboxUrl } = await sandbox.start()
  const toMeta = await tcpProxy(new URL(sandboxUrl).port)
  const collector = await collectorProcess({
    folder,
    graphUrl: toMeta.url,
    pixels: PIXELS,
    queueUrl: `sqlite:${queueFile}`,
    env: clock?.env ?? {},
  })
  const wires = { 'to Meta': toMeta, 'to the shops': await tcpProxy(collector.port) }
  const guarded = small && exclusive(small)

  /** As a service manager does: again and again. On a full disk it may not come up. */
  async function revive() {
    const givenUpAtMs = Date.now() + REVIVED_WITHIN_MS
    while (!collector.runs) {
      try {
        await collector.start()
      } catch (error) {
        if (Date.now() > givenUpAtMs) throw error
        await wait(200)
      }
    }
  }

  const chances = [chance(seed), chance(seed + 1)]
  const cards = {
    inner: onCollector({
      collector,
      revive,
      cutPower,
      chance: chances[0],
      calmDisk: guarded?.calm ?? ((work) => work()),
    }),
    outer: around({ sandbox, wires, disk: guarded, clock, chance: chances[1], parks: values.parks }),
  }
  return {
    sandbox,
    collector,
    wires,
    revive,
    disk,
    inner: { draw: chances[0].deck(cards.inner), chance: chances[0], restMs: [100, 1_000] },
    outer: { draw: chances[1].deck(cards.outer), chance: chances[1], restMs: [20, 500] },
    async takeDown() {
      await collector.stop('SIGKILL')
      for (const wire of Object.values(wires)) await wire.close()
      await sandbox.stop()
      small?.unmount()
    },
  }
}

/** The disk is filled, or somebody needs it not to be; never both. */
function exclusive(disk) {
  let turn = Promise.resolve()
  const inTurn = (work) => {
    const mine = turn.then(work)
    turn = mine.then(
      () => undefined,
      () => undefined,
    )
    return mine
  }
  return {
    calm: inTurn,
    /** Filled until the returned function is called. */
    fill: () =>
      new Promise((resolve, reject) => {
        inTurn(async () => {
          const empty = await disk.fill()
          await new Promise((over) => resolve(() => empty().then(over)))
        }).catch(reject)
      }),
  }
}

/** Plays a deck until it is time, one card after the other. What a card begins has been ended when this resolves. */
async function deal({ draw, chance: { between }, restMs }, happened, endsAtMs) {
  while (Date.now() < endsAtMs) {
    const card = draw()
    happened.set(card.name, (happened.get(card.name) ?? 0) + 1)
    if (card.run) await card.run()
    else {
      const end = await card.begin()
      await wait(between(200, 2_000))
      await end()
    }
    await wait(between(...restMs))
  }
}

/** A line a minute, for those who watch a long run. */
async function progress(oracle, endsAtMs) {
  for (;;) {
    const leftMs = endsAtMs - Date.now()
    await wait(Math.max(0, Math.min(60_000, leftMs)))
    if (leftMs <= 60_000) return
    console.log(`${Math.round((endsAtMs - Date.now()) / 1000)} s to go: ${oracle.acknowledged} acknowledged`)
  }
}

/** Waits until nothing waits any more; the queue as it is then. */
async function untilCalm(collector) {
  const givenUpAtMs = Date.now() + CALM_WITHIN_MS
  for (;;) {
    const queue = await collector.queue()
    if (queue.waiting === 0 || Date.now() > givenUpAtMs) return queue
    await wait(250)
  }
}

await main()
