/** Starts and ends the processes that are measured. Whatever happens, none outlives the benchmark, and nothing is waited for without a limit. */
import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { API_KEY, SITE } from './requests.mjs'

const START_LIMIT_MS = 30_000
const ANSWER_LIMIT_MS = 5_000
const REST_LIMIT_MS = 5_000

const METER = new URL('./meter.mjs', import.meta.url).href
const BASELINES = new URL('./baselines.mjs', import.meta.url).pathname
const COLLECTOR = new URL('../../packages/collector/bin/pixel-mirror.js', import.meta.url).pathname

const running = new Set()
process.on('exit', killAll)
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))

export function killAll() {
  for (const child of running) child.kill('SIGKILL')
}

export function startBaseline(name) {
  return startServer([BASELINES, name], { portIn: /listening on (\d+)/ })
}

/**
 * The real command with its durable queue in `folder`, relaying to `graphPort`.
 *
 * @param under a command to run it under
 * @param env settings that differ from those of all others
 */
export function startCollector(folder, graphPort, under = [], env = {}) {
  return startServer([COLLECTOR, 'start'], {
    portIn: /Collector\s+http:\/\/[^:]+:(\d+)/,
    cwd: folder,
    under,
    env: {
      HOST: '127.0.0.1',
      PORT: '0',
      ADMIN_PORT: '0',
      META_PIXEL_ID: '1234567890',
      META_ACCESS_TOKEN: 'bench-token-0123456789',
      META_GRAPH_URL: `http://127.0.0.1:${graphPort}`,
      API_KEYS: API_KEY,
      ALLOWED_ORIGINS: SITE,
      // All visitors come from one address here.
      RATE_LIMIT: '1000000',
      MAX_QUEUE_BYTES: '20gb',
      LOG_LEVEL: 'error',
      ...env,
    },
  })
}

/**
 * Starts a Node program with the meter in it.
 *
 * @returns its port and what can be asked of it; rejects when it ends, or does not say its port in time
 */
export async function startServer(args, { portIn, cwd, env = {}, under = [] }) {
  const [command, ...all] = [...under, process.execPath, '--import', METER, ...args]
  const child = spawn(command, all, {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'json',
  })
  running.add(child)
  let printed = ''
  child.stderr.on('data', (text) => (printed = (printed + text).slice(-20_000)))
  const port = await within(
    START_LIMIT_MS,
    () => `${args.join(' ')} does not start: ${printed}`,
    new Promise((resolve, reject) => {
      child.stdout.on('data', (text) => {
        printed += text
        const match = portIn.exec(printed)
        if (match) resolve(Number(match[1]))
      })
      child.once('error', reject)
      child.once('exit', (code, signal) => {
        running.delete(child)
        reject(new Error(`${args.join(' ')} ended with ${code ?? signal}: ${printed}`))
      })
    }),
  )

  let lastId = 0
  const answers = new Map()
  child.on('message', ({ id, ...answer }) => answers.get(id)?.(answer))
  const ask = (what) => {
    const id = ++lastId
    const answer = new Promise((resolve) => answers.set(id, resolve))
    child.send({ id, ask: what })
    return within(ANSWER_LIMIT_MS, () => `${args.join(' ')} says nothing`, answer).finally(() => answers.delete(id))
  }
  const cpuUs = async () => (await ask('cpu')).cpuUs

  return {
    port,
    pid: child.pid,
    cpuUs,
    watchLoop: () => ask('watchLoop'),
    loopP99Ms: async () => (await ask('loop')).loopP99Ms,
    printed: () => printed,

    /** Resolves when it does nothing more: what it still had to relay must not disturb the next one's turn. */
    async rest() {
      const giveUpAtMs = performance.now() + REST_LIMIT_MS
      for (let before = await cpuUs(); performance.now() < giveUpAtMs;) {
        await sleep(250)
        const after = await cpuUs()
        if (after - before < 10_000) return
        before = after
      }
    },

    /** @param signal SIGKILL, unless it must say goodbye */
    async stop(signal = 'SIGKILL') {
      const ended = new Promise((resolve) => child.once('close', resolve))
      child.kill(signal)
      await within(START_LIMIT_MS, () => `${args.join(' ')} does not end`, ended).catch(() => child.kill('SIGKILL'))
      running.delete(child)
    },
  }
}

/** A promise that is waited for only so long. */
export async function within(limitMs, sentence, promise) {
  let timer
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(sentence())), limitMs)
  })
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer))
}
