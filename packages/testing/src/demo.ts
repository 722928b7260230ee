import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { eventually, startNode, type Child } from './child.js'

const COMMAND = fileURLToPath(new URL('../../collector/bin/pixel-mirror.js', import.meta.url))

/** An event's copies as the sandbox pairs them, cut to what examples look at. */
export interface Copies {
  pixel_id: string
  event_name: string
  event_id?: string
  /** `once`: one copy from each side. `server_only`: the browser copy is missing. */
  verdict: 'once' | 'browser_only' | 'server_only' | 'duplicate'
  browserCopies: number
  serverCopies: number
  server: {
    event: Record<string, unknown> & { user_data: Record<string, unknown>; custom_data?: Record<string, unknown> }
  }[]
}

/** The built collector as its own process, with a real disk, a site, and the sandbox in Meta's place. */
export interface Demo {
  url: string
  adminUrl: string
  sandboxUrl: string
  child: Child
  /** The folder it runs in; the queue is `queue.db` in it. */
  folder: string
  copies(): Promise<Copies[]>
  /** Waits for the first event of that name that fits. */
  copiesOf(eventName: string, fits?: (copies: Copies) => boolean): Promise<Copies>
  stop(): Promise<void>
}

export async function startDemo({
  site,
  env = {},
  args = [],
}: {
  site?: string
  env?: Record<string, string>
  args?: string[]
}): Promise<Demo> {
  const folder = await mkdtemp(join(tmpdir(), 'pixel-mirror-demo-'))
  const child = startNode(COMMAND, ['start', ...(site === undefined ? [] : ['--site', site]), ...args], {
    cwd: folder,
    env: { HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', QUEUE_URL: `sqlite:${join(folder, 'queue.db')}`, ...env },
  })
  const address = async (name: string) =>
    (await child.printed(new RegExp(`^\\s*${name}\\s+(https?://\\S+)`, 'm')))[1] ?? ''
  const url = new URL(await address(site === undefined ? 'Collector' : 'Shop')).origin
  const adminUrl = new URL(await address('Inspector')).origin
  const sandboxUrl = new URL(await address('Sandbox')).origin

  async function copies(): Promise<Copies[]> {
    const answer = await fetch(`${sandboxUrl}/sandbox/copies`)
    const body = (await answer.json()) as { copies: Copies[] }
    return body.copies
  }

  return {
    url,
    adminUrl,
    sandboxUrl,
    child,
    folder,
    copies,
    copiesOf: (eventName, fits = () => true) =>
      eventually(`the copies of a ${eventName}`, async () =>
        (await copies()).find((one) => one.event_name === eventName && fits(one)),
      ),
    async stop() {
      await child.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Answers for Meta in a page that uses Meta's own addresses: its script and its image come from the demo's sandbox. */
export async function answerForMeta(page: Page, demo: Demo): Promise<void> {
  await page.route('https://connect.facebook.net/**', async (route) => {
    const { pathname, search } = new URL(route.request().url())
    const answer = await fetch(`${demo.url}/sandbox${pathname}${search}`)
    await route.fulfill({
      status: answer.status,
      contentType: answer.headers.get('content-type') ?? 'text/plain',
      body: Buffer.from(await answer.arrayBuffer()),
    })
  })
}

/**
 * Stands between a page and the demo as a reverse proxy does: what the page asks for below `publicUrl` is answered by the collector.
 * Returns the answers to its POSTs, in order.
 */
export async function proxyToCollector(
  page: Page,
  publicUrl: string,
  demo: Demo,
): Promise<{ status: number; body: string }[]> {
  const posted: { status: number; body: string }[] = []
  await page.route(`${publicUrl}/**`, async (route) => {
    const request = route.request()
    const answer = await fetch(demo.url + request.url().slice(publicUrl.length), {
      method: request.method(),
      headers: await request.allHeaders(),
      ...(request.method() === 'POST' && { body: request.postData() ?? '' }),
    })
    const body = Buffer.from(await answer.arrayBuffer())
    if (request.method() === 'POST') posted.push({ status: answer.status, body: body.toString() })
    await route.fulfill({
      status: answer.status,
      headers: Object.fromEntries([...answer.headers].filter(([name]) => !/^content-(encoding|length)$/.test(name))),
      body,
    })
  })
  return posted
}
