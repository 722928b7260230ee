/**
 * Several collectors on one shared queue, beside one collector with SQLite: durable ingest through HTTP, in one run.
 *
 *     node bench/cluster.mjs [--seconds 1.5] [--rounds 3] [--connections 96] [--share 0.15] [--only postgres] [--json]
 *
 * Needs a build (`npm run build`). Collectors are the real command, relaying to a Meta that is away, so this is ingest alone, as in
 * `bench/ingest.mjs`: one event a request, each answered when it is durable. SQLite and the engine's clusters take turns; the numbers are medians of the
 * rounds.
 *
 * Senders, collectors and engine share one machine. One collector with all it can get uses up two cores, and another cannot add
 * requests a second. So each row comes with what an event costs the collectors and the engine; and to see whether nodes add up, they are also held
 * to a share of a core each, as small machines would be, of which there may be more until the engine has no core left.
 */
import { fork } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { jetstreamEngine } from './cluster/jetstream-engine.mjs'
import { postgresEngine } from './cluster/postgres-engine.mjs'
import { holdTo } from './cluster/small-machine.mjs'
import { killAll, startBaseline, startCollector, within } from './ingest/servers.mjs'
import { notes } from './lib/notes.mjs'

/** How to start each engine that collectors can share. */
const ENGINES = { postgres: postgresEngine, jetstream: jetstreamEngine }
/** PostgreSQL behind the collector, beside SQLite behind it. */
const LEAST_BESIDE_SQLITE = { postgres: 0.6 }
/** On a machine like this one. */
const LEAST_PER_SECOND = { jetstream: 5_000 }
const MOST_NODES = 3

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '1.5' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '96' },
    share: { type: 'string', default: '0.15' },
    only: { type: 'string', default: Object.keys(ENGINES).join(',') },
    json: { type: 'boolean', default: false },
  },
})
const SECONDS = Number(values.seconds)
const ROUNDS = Number(values.rounds)
const CONNECTIONS = Number(values.connections)
const SHARE = Number(values.share)

const { note, print, report } = notes('cluster')
const senders = Array.from({ length: MOST_NODES }, () => fork(new URL('./ingest/load.mjs', import.meta.url)))
const root = await mkdtemp(join(tmpdir(), 'pixel-mirror-bench-cluster-'))
// A database that runs as a user of its own must get to its folder.
await chmod(root, 0o755)
const endings = []
try {
  const away = await startBaseline('away')
  const start = async (env = {}) => startCollector(await mkdtemp(join(root, 'node-')), away.port, [], env)
  const sqlite = { nodes: [await start()], cpuUs: async () => 0 }
  for (const name of values.only.split(',')) {
    const engine = await ENGINES[name](join(root, name))
    // Not installed here: its rows are missing.
    if (engine !== undefined) await compare(sqlite, engine, start)
  }
} finally {
  for (const sender of senders) sender.kill('SIGKILL')
  killAll()
  for (const end of endings) await end()
  await rm(root, { recursive: true, force: true })
}
print()
if (values.json) report()

/** One node with SQLite, and clusters of one to three with the engine, turn by turn. */
async function compare(sqlite, engine, start) {
  endings.push(engine.stop)
  const env = { QUEUE_URL: engine.url('bench') }
  const nodes = await Promise.all(senders.map(() => start(env)))
  const clusters = {
    sqlite,
    one: { nodes: nodes.slice(0, 1), cpuUs: engine.cpuUs },
    three: { nodes, cpuUs: engine.cpuUs },
    ...Object.fromEntries(
      nodes.map((_, last) => [
        `small ${last + 1}`,
        { nodes: nodes.slice(0, last + 1), cpuUs: engine.cpuUs, share: SHARE },
      ]),
    ),
  }
  const results = Object.fromEntries(Object.keys(clusters).map((name) => [name, []]))
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, cluster] of Object.entries(clusters)) {
      const result = await load(cluster)
      // The first round warms up.
      if (round > 0) results[name].push(result)
    }
  }
  for (const node of nodes) await node.stop()

  const { title, name } = engine
  const middle = (cluster, what) => median(results[cluster].map((one) => one[what]))
  const beside = (one, other) => middle(one, 'perSecond') / middle(other, 'perSecond')
  note('SQLite, one node: durable ingest', middle('sqlite', 'perSecond'), 'events/s')
  note(`${title}, one node: durable ingest`, middle('one', 'perSecond'), 'events/s', {
    atLeast: LEAST_PER_SECOND[name],
  })
  note(`${title}, one node: beside SQLite`, beside('one', 'sqlite'), '×', { atLeast: LEAST_BESIDE_SQLITE[name] })
  for (const [cluster, words] of [
    ['one', 'one node'],
    ['three', 'three nodes'],
  ]) {
    note(`${title}, ${words}: CPU of the collectors`, middle(cluster, 'collectorUs'), 'µs/event')
    note(`${title}, ${words}: CPU of the engine`, middle(cluster, 'engineUs'), 'µs/event')
    note(`${title}, ${words}: cores that both use, of ${availableParallelism()}`, middle(cluster, 'cores'), 'cores')
  }
  note(`${title}, three nodes: beside one`, beside('three', 'one'), '×')
  for (const count of [2, 3]) {
    const what = `${title}, ${count} nodes of ${SHARE} cores: beside one such node`
    note(what, beside(`small ${count}`, 'small 1'), '×')
  }
  note(`${title}: events that one core of the engine takes`, 1e6 / middle('one', 'engineUs'), 'events/s')
}

/** All nodes of one cluster at once, each from a sender of its own; connections are shared out among them. */
async function load({ nodes, cpuUs, share }) {
  for (const node of nodes) await node.rest()
  const collectorsUs = async () =>
    (await Promise.all(nodes.map((node) => node.cpuUs()))).reduce((sum, us) => sum + us, 0)
  const before = [await collectorsUs(), await cpuUs()]
  const letRun =
    share === undefined
      ? () => undefined
      : holdTo(
          nodes.map(({ pid }) => pid),
          share,
        )
  const answers = await Promise.all(
    nodes.map((node, index) => sendTo(node, senders[index], CONNECTIONS / nodes.length)),
  ).finally(letRun)
  const spent = [(await collectorsUs()) - before[0], (await cpuUs()) - before[1]]
  const sum = (what) => answers.reduce((total, answer) => total + answer[what], 0)
  const failure = answers.find(({ firstFailure }) => firstFailure)?.firstFailure
  if (failure) throw new Error(`A request was refused: ${failure}`)
  const events = sum('requests')
  return {
    perSecond: sum('perSecond'),
    collectorUs: spent[0] / events,
    engineUs: spent[1] / events,
    cores: ((spent[0] + spent[1]) / events) * (sum('perSecond') / 1e6),
  }
}

async function sendTo({ port }, sender, connections) {
  sender.send({ port, connections: Math.round(connections), seconds: SECONDS, eventsPerRequest: 1 })
  const answer = new Promise((resolve) => sender.once('message', resolve))
  const result = await within((SECONDS + 30) * 1_000, () => 'the sender says nothing', answer)
  if (result.error) throw new Error(result.error)
  return result
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN
}
