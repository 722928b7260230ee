/** The collector as its users run it: the built command, in a process of its own, that can be stopped in every way and started again. */
import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from './free-port.mjs'

const COMMAND = new URL('../../packages/collector/bin/pixel-mirror.js', import.meta.url).pathname

/** The key that lets the load in as a server. */
export const API_KEY = 'bench-only-0123456789abcdef'

/**
 * Not started yet. Both ports stay the same over all its lives.
 *
 * @param {object} options
 * @param {string} options.folder where its settings and its queue lie
 * @param {string} options.graphUrl where Meta's stand-in listens
 * @param {readonly string[]} [options.pixels] ids
 * @param {Record<string, string>} [options.env] more settings
 * @param {string} [options.queueUrl]
 */
export async function collectorProcess({ folder, graphUrl, pixels = ['1234567890'], env = {}, queueUrl }) {
  const [port, adminPort] = [await freePort(), await freePort()]
  const config = join(folder, 'pixel-mirror.config.json')
  await writeFile(
    config,
    JSON.stringify({ pixels: pixels.map((id) => ({ id, accessToken: `bench-token-${id}`, allowedOrigins: [] })) }),
  )
  const settings = {
    PATH: process.env.PATH,
    HOST: '127.0.0.1',
    PORT: String(port),
    ADMIN_PORT: String(adminPort),
    META_GRAPH_URL: graphUrl,
    API_KEYS: API_KEY,
    QUEUE_URL: queueUrl ?? `sqlite:${join(folder, 'queue.db')}`,
    LOG_LEVEL: 'error',
    ...env,
  }
  let child
  let ended = Promise.resolve()
  let over = true
  let pid
  let said = ''

  const collector = {
    port,
    url: `http://127.0.0.1:${port}`,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    /** Of the collector itself, also when something else started it. */
    get pid() {
      return pid
    },
    get runs() {
      return !over
    },
    /** What it has written to stderr. */
    get complaints() {
      return said
    },

    /**
     * Resolves when it says that it runs.
     *
     * @param {object} [how]
     * @param {readonly string[]} [how.under] a command that starts it, such as `strace …`
     * @param {Record<string, string>} [how.env] settings of this life alone
     */
    async start({ under = [], env: more = {} } = {}) {
      const [command, ...args] = [...under, process.execPath, COMMAND, 'start', '--config', config]
      const started = spawn(command, args, {
        cwd: folder,
        env: { ...settings, ...more },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      child = started
      over = false
      pid = started.pid
      started.stderr.setEncoding('utf8').on('data', (text) => (said = (said + text).slice(-20_000)))
      ended = new Promise((resolve) =>
        started.once('close', () => {
          if (child === started) over = true
          resolve()
        }),
      )
      await new Promise((resolve, reject) => {
        started.stdout.once('data', resolve)
        started.once('error', reject)
        started.once('close', (code, signal) =>
          reject(new Error(`The collector ended (${signal ?? code}) before it ran: ${said.slice(-1_000)}`)),
        )
      })
      if (under.length > 0) pid = await onlyChildOf(started.pid)
    },

    signal: (signal) => process.kill(pid, signal),

    /** Sends the signal and waits for the end; nothing to do when it has ended already. */
    async stop(signal = 'SIGTERM') {
      if (!over) process.kill(pid, signal)
      await ended
    },

    /** What its admin listener says about the queue. */
    async queue() {
      const { status, lanes, books } = await getJson(`${collector.adminUrl}/admin/queue`)
      const sum = (name) => books.reduce((total, page) => total + page[name], 0)
      return { status, lanes, books, waiting: sum('waiting'), dead: sum('dead') + sum('expired'), gap: sum('gap') }
    },

    /** Every dead letter, the newest first. */
    async deadLetters() {
      const letters = []
      for (;;) {
        const after = letters.length > 0 ? `&after=${encodeURIComponent(letters.at(-1).id)}` : ''
        const page = await getJson(`${collector.adminUrl}/admin/dead-letters?limit=1000${after}`)
        letters.push(...page.letters)
        if (page.letters.length < 1_000) return letters
      }
    },
  }
  return collector
}

async function onlyChildOf(pid) {
  return Number((await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim())
}

async function getJson(url) {
  return (await fetch(url)).json()
}
