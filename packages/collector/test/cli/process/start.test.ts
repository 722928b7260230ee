import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { eventually } from '@pixel-mirror/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openWorkshop, postPurchase, type Workshop } from './built-cli.js'

describe('pixel-mirror start', () => {
  let workshop: Workshop
  const servers: Server[] = []
  beforeEach(async () => {
    workshop = await openWorkshop()
  })
  afterEach(async () => {
    await workshop.leave()
    for (const server of servers.splice(0)) {
      server.closeAllConnections()
      server.close()
    }
  })

  /** Somebody's server: Meta's, or one that has the port. */
  async function serve(
    answer: (body: string) => string | undefined = () => '',
  ): Promise<{ url: string; port: number }> {
    const server = createServer((req, res) => {
      let body = ''
      req.setEncoding('utf8').on('data', (text: string) => (body += text))
      req.on('end', () => {
        const text = answer(body)
        // No text: it hangs.
        if (text !== undefined) res.setHeader('content-type', 'application/json').end(text)
      })
    })
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    return { url: `http://127.0.0.1:${port}`, port }
  }

  const takesAll = (body: string) => {
    const { data } = JSON.parse(body) as { data: unknown[] }
    return JSON.stringify({ events_received: data.length })
  }

  it('relays into the sandbox when there is no token, and says so in one line', async () => {
    const { child, url, sandboxUrl } = await workshop.collector()

    expect(await (await postPurchase(url, 'e1')).json()).toEqual({ events_received: 1 })

    expect(
      child
        .output()
        .split('\n')
        .filter((line) => /No access token is set/.test(line)),
    ).toHaveLength(1)
    await eventually('the event in the sandbox', async () => {
      const counts = (await (await fetch(`${sandboxUrl}/sandbox/counts`)).json()) as { counted: number }
      return counts.counted === 1
    })
  })

  it('prints plain text where there is no terminal', async () => {
    const { child } = await workshop.collector()

    expect(child.output()).not.toContain('\u001b')
  })

  it.each(['SIGTERM', 'SIGINT'] as const)('ends with 0 at %s', async (signal) => {
    const { child } = await workshop.collector()

    expect(await child.stop(signal)).toBe(0)
  })

  it('serves a site, what the demonstration needs, and the stand-in for Meta’s script on one port', async () => {
    await mkdir(join(workshop.folder, 'site'))
    await writeFile(join(workshop.folder, 'site/index.html'), '<p>The shop')
    const { url } = await workshop.collector({}, ['--site', 'site'])

    const get = async (path: string) => (await fetch(`${url}${path}`)).text()
    expect(await get('/')).toBe('<p>The shop')
    expect(await get('/demo.js')).toMatch(/"pixelId":"1234567890".*"fbeventsUrl":"\/sandbox\/en_US\/fbevents\.js"/)
    expect(await get('/sandbox/en_US/fbevents.js')).toContain('fbq')
    expect(await get('/tracker.js')).toContain('fbq')
    expect((await fetch(`${url}/sandbox/sandbox/counts`)).status).toBe(404)
  })

  it('names every wrong setting at once, ends with 78, and leaves nothing behind', async () => {
    const { code, output } = await workshop.outcome(['start'], {
      PORT: 'eighty',
      META_API_VERSION: '26',
      META_ACCESS_TOKEN: 'EAAB-very-secret',
    })

    expect(code).toBe(78)
    expect(output).toMatch(/PORT/)
    expect(output).toMatch(/META_API_VERSION/)
    expect(output).toMatch(/META_PIXEL_ID/)
    expect(output).not.toContain('EAAB-very-secret')
    expect(await readdir(workshop.folder)).toEqual([])
  })

  it('says which port is taken and ends with 69', async () => {
    const { port } = await serve()

    const { code, output } = await workshop.outcome(['start'], {
      PORT: String(port),
      HOST: '127.0.0.1',
      ADMIN_PORT: '0',
    })

    expect(code).toBe(69)
    expect(output).toContain(`Port ${port} on 127.0.0.1 is taken`)
    expect(output).not.toMatch(/\bat .*\.js:\d+/)
  })

  it('refuses a queue that another process has, and ends with 69', async () => {
    await workshop.collector()

    const { code, output } = await workshop.outcome(['start'], { PORT: '0', ADMIN_PORT: '0' })

    expect(code).toBe(69)
    expect(output).toMatch(/queue\.db is in use by process \d+/)
  })

  it('says what is wrong with a database that cannot be reached, without its password, and ends with 69', async () => {
    const env = { PORT: '0', ADMIN_PORT: '0', QUEUE_URL: 'postgres://me:hunter2-secret@127.0.0.1:1/events' }

    const { code, output } = await workshop.outcome(['start'], env)

    expect(code).toBe(69)
    expect(output).toMatch(/PostgreSQL cannot be used \(ECONNREFUSED\)\. Nobody listens there/)
    expect(output).not.toContain('hunter2')
    expect(output).not.toMatch(/\bat .*\.js:\d+/)
  })

  it('exchanges a token at SIGHUP, and goes on with the old one when the settings are wrong', async () => {
    const tokens: string[] = []
    const { url: META_GRAPH_URL } = await serve((body) => {
      tokens.push((JSON.parse(body) as { access_token: string }).access_token)
      return takesAll(body)
    })
    const tokenFile = join(workshop.folder, 'token')
    await writeFile(tokenFile, 'first-token')
    const { child, url } = await workshop.collector({
      META_GRAPH_URL,
      META_PIXEL_ID: '1234567890',
      META_ACCESS_TOKEN_FILE: tokenFile,
    })

    await postPurchase(url, 'e1')
    await eventually('the first event', () => tokens.length === 1)
    await writeFile(tokenFile, 'second-token')
    process.kill(child.pid, 'SIGHUP')
    await child.printed(/settings\.reloaded/)
    await postPurchase(url, 'e2')
    await eventually('the second event', () => tokens.length === 2)
    await writeFile(tokenFile, '')
    process.kill(child.pid, 'SIGHUP')
    await child.printed(/settings\.refused/)
    await postPurchase(url, 'e3')
    await eventually('the third event', () => tokens.length === 3)

    expect(tokens).toEqual(['first-token', 'second-token', 'second-token'])
    expect(child.output()).not.toMatch(/(first|second)-token/)
  })

  it('stays with the sandbox at SIGHUP when a token is set now, and says what to do', async () => {
    const file = join(workshop.folder, 'pixel-mirror.config.json')
    await writeFile(file, JSON.stringify({ pixels: [{ id: '1234567890' }] }))
    const { child, url } = await workshop.collector()

    await writeFile(file, JSON.stringify({ pixels: [{ id: '1234567890', accessToken: 'real-token' }] }))
    process.kill(child.pid, 'SIGHUP')

    await child.printed(/A token is set now: start again to relay to Meta/)
    expect(await (await postPurchase(url, 'e1')).json()).toEqual({ events_received: 1 })
    expect(child.output()).not.toContain('real-token')
  })

  it('ends at once at a second signal, and sends what was under way after the next start', async () => {
    let hangs = true
    let asked = false
    const ids: string[] = []
    const { url: META_GRAPH_URL } = await serve((body) => {
      asked = true
      if (hangs) return undefined
      ids.push(...(JSON.parse(body) as { data: { event_id: string }[] }).data.map(({ event_id }) => event_id))
      return takesAll(body)
    })
    const env = { META_GRAPH_URL, META_PIXEL_ID: '1234567890', META_ACCESS_TOKEN: 'token', STOP_TIMEOUT_MS: '600000' }
    const first = await workshop.collector(env)

    expect(await (await postPurchase(first.url, 'e1')).json()).toEqual({ events_received: 1 })
    // Only a request that hangs keeps the first signal from ending the process in order.
    await eventually('the request to Meta', () => asked)
    process.kill(first.child.pid, 'SIGTERM')
    await first.child.printed(/process\.stopping/)
    expect(await first.child.stop('SIGTERM')).toBe(143)
    hangs = false
    await workshop.collector(env)

    await eventually('the event after the next start', () => ids.includes('e1'))
  })

  it('takes no more events while it stops, and still answers', async () => {
    const { url: META_GRAPH_URL } = await serve(() => undefined)
    const env = { META_GRAPH_URL, META_PIXEL_ID: '1234567890', META_ACCESS_TOKEN: 'token' }
    const { child, url } = await workshop.collector(env)
    await postPurchase(url, 'e1')

    process.kill(child.pid, 'SIGTERM')
    await child.printed(/process\.stopping/)

    const answer = await postPurchase(url, 'e2').then(
      ({ status }) => status,
      () => 'no connection',
    )
    expect([503, 'no connection']).toContain(answer)
    expect(await child.ended).toBe(0)
  })

  it('makes the folder of its queue', async () => {
    await workshop.collector({ QUEUE_URL: 'sqlite:./a/b/queue.db' })

    expect(existsSync(join(workshop.folder, 'a/b/queue.db'))).toBe(true)
  })

  it.each([
    [['--help'], 0, /Usage: pixel-mirror COMMAND/],
    [['start', '--help'], 0, /--site DIR/],
    [['--version'], 0, /^\d+\.\d+\.\d+\n$/],
    [['strat'], 2, /did you mean start\?/],
    [['start', '--port', '1'], 2, /There is no option --port/],
    [['start', '--site', 'nowhere'], 78, /--site nowhere is no folder/],
  ])('answers %j with exit code %i', async (args, code, output) => {
    const outcome = await workshop.outcome(args)

    expect(outcome.output).toMatch(output)
    expect(outcome.code).toBe(code)
  })
})
