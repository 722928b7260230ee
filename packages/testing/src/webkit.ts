import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { eventually } from './child.js'
import type { EnginePage } from './engines.js'
import { freePort } from './free-port.js'

/** Starts a WebKitGTK browser on a display of its own, and speaks WebDriver with it. */
export async function launchWebKit(driver: string, browser: string, xvfb: string): Promise<EnginePage> {
  const home = await mkdtemp(join(tmpdir(), 'pixel-mirror-webkit-'))
  // It takes a display that is free, and says which.
  const display = spawn(xvfb, ['-displayfd', '3', '-screen', '0', '1024x768x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const [number] = (await once(display.stdio[3] as Readable, 'data')) as [Buffer]
  const port = await freePort()
  const child = spawn(driver, [`--port=${port}`], {
    stdio: 'ignore',
    env: {
      ...process.env,
      DISPLAY: `:${number.toString().trim()}`,
      HOME: home,
      XDG_DATA_HOME: home,
      XDG_CACHE_HOME: home,
    },
  })
  const send = async (path: string, body?: object, method = 'POST'): Promise<unknown> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    })
    const { value } = (await answer.json()) as { value: { message?: string } | null }
    if (!answer.ok) throw new Error(`${path}: ${value?.message}`)
    return value
  }
  const options = { 'webkitgtk:browserOptions': { binary: browser, args: ['--automation'] } }
  const started = await eventually('WebKit to start', async () => {
    try {
      return (await send('/session', { capabilities: { alwaysMatch: options } })) as { sessionId: string }
    } catch (error) {
      // Nobody listens yet.
      if (error instanceof TypeError) return undefined
      throw error
    }
  })
  const session = `/session/${started.sessionId}`

  return {
    open: async (url) => void (await send(`${session}/url`, { url })),
    run: (script) => send(`${session}/execute/sync`, { script, args: [] }),
    async close() {
      await send(session, undefined, 'DELETE')
      await Promise.all([child, display].map(end))
      await rm(home, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill()
  await ended
}
