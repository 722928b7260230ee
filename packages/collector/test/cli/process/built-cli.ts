import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startNode, type Child } from '@pixel-mirror/testing'

const CLI = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url))
if (!existsSync(CLI)) throw new Error(`${CLI} is not built: run \`pnpm run build\` first.`)

/** The real command in a folder of its own. Everything that was started or made is gone after `leave()`. */
export interface Workshop {
  folder: string
  /** Starts `pixel-mirror …args` with these variables and nothing else of the environment. */
  run(args: readonly string[], env?: Record<string, string>): Child
  /** Runs it to its end. */
  outcome(
    args: readonly string[],
    env?: Record<string, string>,
  ): Promise<{ code: number | NodeJS.Signals; output: string }>
  /** Starts a collector on free ports and waits until it serves. */
  collector(env?: Record<string, string>, args?: readonly string[]): Promise<RunningCollector>
  leave(): Promise<void>
}

export interface RunningCollector {
  child: Child
  url: string
  adminUrl: string
  sandboxUrl: string | undefined
  /** For other commands that are to find this collector. */
  env: Record<string, string>
}

export async function openWorkshop(): Promise<Workshop> {
  const folder = await mkdtemp(join(tmpdir(), 'pixel-mirror-cli-'))
  const children: Child[] = []

  function run(args: readonly string[], env: Record<string, string> = {}): Child {
    const child = startNode(CLI, args, { cwd: folder, env: { CI: 'true', ...env } })
    children.push(child)
    return child
  }

  return {
    folder,
    run,
    async outcome(args, env) {
      const child = run(args, env)
      return { code: await child.ended, output: child.output() }
    },
    async collector(env = {}, args = []) {
      const child = run(['start', ...args], { PORT: '0', ADMIN_PORT: '0', HOST: '127.0.0.1', ...env })
      await child.printed(/Stop with Ctrl\+C/)
      const address = (name: string) => new RegExp(`${name} +(http://[^/\\s]+)`).exec(child.output())?.[1]
      const url = address('(?:Shop|Collector)') ?? ''
      const adminUrl = address('Inspector') ?? ''
      const ports = { PORT: new URL(url).port, ADMIN_PORT: new URL(adminUrl).port, HOST: '127.0.0.1' }
      return { child, url, adminUrl, sandboxUrl: address('Sandbox'), env: { ...env, ...ports } }
    },
    async leave() {
      await Promise.all(children.map((child) => child.stop('SIGKILL')))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** One purchase, as the tracker of a page on `url` sends it. */
export function postPurchase(url: string, eventId: string): Promise<Response> {
  const event = {
    event_name: 'Purchase',
    event_id: eventId,
    event_time: Math.floor(Date.now() / 1_000),
    action_source: 'website',
    event_source_url: `${url}/thanks.html`,
    user_data: { em: 'ada@example.com' },
    custom_data: { value: 12, currency: 'EUR' },
  }
  return fetch(`${url}/events`, {
    method: 'POST',
    headers: {
      origin: url,
      'content-type': 'text/plain',
      'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36',
    },
    body: JSON.stringify({ data: [event] }),
  })
}
