import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSandbox } from '@pixel-mirror/sandbox'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Finding } from '../../../src/cli/check/finding.js'
import { openWorkshop, type Workshop } from './built-cli.js'

describe('pixel-mirror check', () => {
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

  /** A proxy before the collector, that tells it who asks: somebody from far away. */
  async function proxyTo(target: string): Promise<string> {
    const server = createServer((req, res) => {
      const headers = { ...req.headers, 'x-forwarded-for': `${String(req.headers['x-forwarded-for'])}, 8.8.8.8` }
      req.pipe(
        request(target, { path: req.url, method: req.method, headers }, (answer) => {
          res.writeHead(answer.statusCode ?? 502, answer.headers)
          answer.pipe(res)
        }),
      )
    })
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  async function findings(args: readonly string[], env: Record<string, string>): Promise<Finding[]> {
    const { output } = await workshop.outcome(['check', '--json', ...args], env)
    return (JSON.parse(output) as { findings: Finding[] }).findings
  }
  const addresses = (found: Finding[]) => found.filter(({ about }) => about === 'visitor address')

  it('finds nothing to mend where all is well, and ends with 0', async () => {
    const { code, output } = await workshop.outcome(['check'])

    expect(output).toMatch(/^ok {4}settings/m)
    expect(output).toMatch(/^ok {4}disk +A commit takes/m)
    expect(output).toMatch(/All is well/)
    expect(code).toBe(0)
  })

  it('names wrong settings, each with what to do, and ends with 78', async () => {
    const { code, output } = await workshop.outcome(['check'], { PORT: '80000', RATE_LIMIT: 'fast' })

    expect(output.match(/^FAIL {2}settings/gm)).toHaveLength(2)
    expect(output.match(/→/g)).toHaveLength(2)
    expect(code).toBe(78)
  })

  it('ends with 1 when Meta refuses the token, and says what to do', async () => {
    const meta = createSandbox({ pixels: [{ id: '1234567890', accessToken: 'right' }] })
    const { url: META_GRAPH_URL } = await meta.start()
    const env = { META_GRAPH_URL, META_PIXEL_ID: '1234567890', META_ACCESS_TOKEN: 'wrong-and-secret' }

    const { code, output } = await workshop.outcome(['check', '--test-event-code', 'TEST123'], env)
    await meta.stop()

    expect(output).toMatch(/^FAIL {2}token +Pixel 1234567890: Meta refused a test event: .*190/m)
    expect(output).toMatch(/→ .*access token/)
    expect(output).not.toContain('wrong-and-secret')
    expect(code).toBe(1)
  })

  it('notices a proxy that is not trusted', async () => {
    const { url, env } = await workshop.collector()

    const found = await findings(['--url', await proxyTo(url)], env)

    expect(addresses(found)).toMatchObject([{ state: 'failed', mend: 'Set TRUST_PROXY=1.' }])
  })

  it('sees that a trusted proxy passes the visitor’s address on', async () => {
    const { url, env } = await workshop.collector({ TRUST_PROXY: '1' })

    expect(addresses(await findings(['--url', await proxyTo(url)], env))).toMatchObject([{ state: 'ok' }])
  })
})
