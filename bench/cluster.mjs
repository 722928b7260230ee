/**
 * Several collectors on one shared queue, beside one collector with SQLite: durable ingest through HTTP, in one run.
 *
 *     node bench/cluster.mjs [--seconds 2] [--rounds 3] [--connections 96] [--only postgres] [--json]
 *
 * Needs a build (`npm run build`). Collectors are the real command, relaying to a Meta that is away, so this is ingest alone, as in
 * `bench/ingest.mjs`: one event a request, each answered when it is durable. SQLite and each engine take turns; the numbers are medians of the rounds.
 *
 * Senders, collectors and engine share this one machine. Where collectors alone use up its cores, another one cannot add requests a
 * second; so each row of several nodes comes with what an event costs the collectors and the engine, and what follows from that: how many
 * collectors, each with a core of its own, would use up one core of the engine.
 */
import { fork } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { postgresEngine } from './cluster/postgres-engine.mjs'
import { killAll, startBaseline, startCollector, within } from './ingest/servers.mjs'
import { notes } from './lib/notes.mjs'

/** How to start each engine that collectors can share. */
const ENGINES = { postgres: postgresEngine }
/** PostgreSQL behind the collector, beside SQLite behind it. */
const LEAST_BESIDE_SQLITE = { postgres: 0.6 }
const NODES = [1, 2, 3]

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '96' },
    only: { type: 'string', default: Object.keys(ENGINES).join(',') },
    json: { type: 'boolean', default: false },
  },
})
const SECONDS = Number(values.seconds)
const ROUNDS = Number(values.rounds)
const CONNECTIONS = Number(values.connections)

const { note, print, report } = notes('cluster')
const senders = NODES.map(() => fork(new URL('./ingest/load.mjs', import.meta.url)))
const root = await mkdtemp(join(tmpdir(), 'pixel-mirror-bench-cluster-'))
// A database that runs as a user of its own must get to its folder.
await chmod(root, 0o755)
const endings = []
try {
  const away = await startBaseline('away')
  const start = async (env = {}) => startCollector(await mkdtemp(join(root, 'node-')), away.port, [], env)
  const sqlite = { nodes: [await start()], cpuUs: async () => 0 }
  for (const name of values.only.split(',')) await compare(sqlite, await ENGINES[name](join(root, name)), start)
} finally {
  for (const sender of senders) sender.kill('SIGKILL')
  killAll()
  for (const end of endings) await end()
  await rm(root, { recursive: true, force: true })
}
print()
if (values.json) report()

/** SQLite with one node, and the engine with one, two and three, turn by turn. */
async function compare(sqlite, engine, start) {
  endings.push(engine.stop)
  const clusters = { sqlite }
  for (const count of NODES) {
    const env = { QUEUE_URL: engine.url(`nodes_${count}`) }
    clusters[count] = { nodes: await Promise.all(NODES.slice(0, count).map(() => start(env))), cpuUs: engine.cpuUs }
  }
  const results = Object.fromEntries(Object.keys(clusters).map((name) => [name, []]))
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, cluster] of Object.entries(clusters)) {
      const result = await load(cluster)
      // The first round warms up.
      if (round > 0) results[name].push(result)
    }
  }
  for (const count of NODES) for (const node of clusters[count].nodes) await node.stop()

  const middle = (name, what) => median(results[name].map((one) => one[what]))
  const stood = middle('sqlite', 'perSecond')
  note(`SQLite, one node: durable ingest`, stood, 'events/s')
  for (const count of NODES) {
    const title = `${engine.title}, ${count === 1 ? 'one node' : `${count} nodes`}`
    note(`${title}: durable ingest`, middle(count, 'perSecond'), 'events/s')
    if (count === 1) {
      note(`${title}: beside SQLite`, middle(count, 'perSecond') / stood, '×', {
        atLeast: LEAST_BESIDE_SQLITE[engine.name],
      })
    } else note(`${title}: beside one node`, middle(count, 'perSecond') / middle(1, 'perSecond'), '×')
    note(`${title}: CPU of the collectors`, middle(count, 'collectorUs'), 'µs/event')
    note(`${title}: CPU of the engine`, middle(count, 'engineUs'), 'µs/event')
    note(`${title}: cores used by both, of ${availableParallelism()}`, middle(count, 'cores'), 'cores')
  }
  note(
    `${engine.title}: collectors of one core that one core of the engine serves`,
    middle(NODES.at(-1), 'collectorUs') / middle(NODES.at(-1), 'engineUs'),
    'collectors',
  )
}

/** All nodes of one cluster at once, each from a sender of its own; connections are shared out among them. */
async function load({ nodes, cpuUs }) {
  for (const node of nodes) await node.rest()
  const collectorsUs = async () =>
    (await Promise.all(nodes.map((node) => node.cpuUs()))).reduce((sum, us) => sum + us, 0)
  const before = [await collectorsUs(), await cpuUs()]
  const answers = await Promise.all(
    nodes.map((node, index) => sendTo(node, senders[index], CONNECTIONS / nodes.length)),
  )
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
