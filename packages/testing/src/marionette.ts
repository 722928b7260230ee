import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from './child.js'
import type { EnginePage } from './engines.js'
import { freePort } from './free-port.js'

/** The profile of a browser that is nobody's: no first run, no updates, no calls home. */
const PREFERENCES = {
  'app.update.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'datareporting.policy.dataSubmissionEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,',
  'toolkit.telemetry.enabled': false,
}

/** Starts a headless Firefox and speaks Marionette with it, which is built in: no driver has to be installed. */
export async function launchFirefox(binary: string): Promise<EnginePage> {
  const profile = await mkdtemp(join(tmpdir(), 'pixel-mirror-firefox-'))
  const port = await freePort()
  const preferences = Object.entries({ ...PREFERENCES, 'marionette.port': port })
  const lines = preferences.map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`)
  await writeFile(join(profile, 'user.js'), lines.join('\n'))
  const child = spawn(binary, ['--headless', '--no-remote', '--marionette', '--profile', profile], {
    stdio: 'ignore',
    env: { ...process.env, HOME: profile },
  })
  const ended = once(child, 'exit')
  const socket = await eventually('Firefox to listen', () => connected(port), 60_000)
  const send = commands(socket)
  await send('WebDriver:NewSession', { capabilities: {} })

  return {
    open: async (url) => void (await send('WebDriver:Navigate', { url })),
    run: async (script) => (await send('WebDriver:ExecuteScript', { script, args: [] })).value,
    async close() {
      socket.destroy()
      child.kill()
      await ended
      await rm(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

function connected(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(socket)).once('error', () => resolve(undefined))
  })
}

type Answer = [type: 1, id: number, error: { message: string } | null, result: { value: unknown }]

/** Messages are JSON, each behind its length and a colon; the first one is a greeting. */
function commands(socket: Socket) {
  const waiting = new Map<number, (answer: Answer) => void>()
  let buffer = Buffer.alloc(0)
  let lastId = 0
  socket.on('data', (chunk: Buffer) => {
    buffer = Buffer.concat([buffer, chunk])
    for (;;) {
      const colon = buffer.indexOf(':')
      const length = Number(buffer.subarray(0, colon))
      if (colon < 0 || buffer.length < colon + 1 + length) return
      const message = JSON.parse(buffer.subarray(colon + 1, colon + 1 + length).toString()) as Answer
      buffer = buffer.subarray(colon + 1 + length)
      if (Array.isArray(message)) waiting.get(message[1])?.(message)
    }
  })
  return (name: string, parameters: object) =>
    new Promise<{ value: unknown }>((resolve, reject) => {
      const id = ++lastId
      waiting.set(id, ([, , error, result]) =>
        error ? reject(new Error(`${name}: ${error.message}`)) : resolve(result),
      )
      const text = JSON.stringify([0, id, name, parameters])
      socket.write(`${Buffer.byteLength(text)}:${text}`)
    })
}
