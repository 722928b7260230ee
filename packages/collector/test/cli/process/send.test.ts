import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { eventually } from '@pixel-mirror/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { QueueReport } from '../../../src/queue-report.js'
import { openWorkshop, type Workshop } from './built-cli.js'

describe('pixel-mirror send', () => {
  let workshop: Workshop
  let server: Server | undefined
  beforeEach(async () => {
    workshop = await openWorkshop()
  })
  afterEach(async () => {
    await workshop.leave()
    server?.closeAllConnections()
    server?.close()
    server = undefined
  })

  const write = (name: string, lines: readonly string[]) =>
    writeFile(join(workshop.folder, name), lines.join('\n') + '\n')
  const today = new Date().toISOString()

  const csv = (...rows: string[]) => ['order_id,date,email,total,currency', ...rows]
  const row = (id: string) => `${id},${today},${id}@example.com,12.50,EUR`
  const STORE = ['--action-source', 'physical_store']

  async function reportOf(env: Record<string, string> = {}): Promise<QueueReport> {
    const { output } = await workshop.outcome(['queue', 'status', '--json'], env)
    return JSON.parse(output) as QueueReport
  }

  it('brings orders to the collector that runs here, and they reach Meta', async () => {
    const { env, sandboxUrl } = await workshop.collector()
    await write('orders.csv', csv(row('A1'), row('A2')))

    const { code, output } = await workshop.outcome(['send', 'orders.csv', ...STORE], env)

    expect(output).toMatch(/2 events taken/)
    expect(code).toBe(0)
    const { copies } = await eventually('both orders in the sandbox', async () => {
      const found = (await (await fetch(`${sandboxUrl}/sandbox/copies`)).json()) as {
        copies: { event_id: string; event_name: string }[]
      }
      return found.copies.length === 2 && found
    })
    expect(copies.map(({ event_id }) => event_id).sort()).toEqual(['A1', 'A2'])
    expect(copies[0]?.event_name).toBe('Purchase')
  })

  it('puts orders into the queue when no collector runs; the next one finds them there', async () => {
    await write('orders.csv', csv(row('A1')))

    const { code } = await workshop.outcome(['send', 'orders.csv', ...STORE])

    expect(code).toBe(0)
    expect((await reportOf()).books).toMatchObject([{ received: 1, waiting: 1, gap: 0 }])
    await workshop.collector()
  })

  it('tells broken and refused lines by number, without their content, and sends the rest', async () => {
    await write(
      'orders.csv',
      csv(row('A1'), 'A2,half', `"A3,${today},eve@example.com,1,EUR`, `A4,${today},x@example.com,1,EURO`, row('A5')),
    )

    const { code, output } = await workshop.outcome(['send', 'orders.csv', ...STORE])

    expect(output).toContain('line 3: has 2 fields instead of 5')
    expect(output).toContain('line 4: has a quote in the wrong place')
    expect(output).toMatch(/line 5: custom_data\.currency: /)
    expect(output).toMatch(/2 events taken, 1 refused, 2 broken lines/)
    expect(output).not.toMatch(/eve@|half/)
    expect(code).toBe(1)
  })

  it('reads NDJSON, and sends a line that comes twice once', async () => {
    const event = {
      event_name: 'Lead',
      event_time: today,
      action_source: 'physical_store',
      user_data: { em: 'a@b.de' },
    }
    await write('leads.ndjson', [JSON.stringify(event), '', '{', JSON.stringify(event)])

    const { code, output } = await workshop.outcome(['send', 'leads.ndjson'])

    expect(output).toContain('line 3: is not JSON')
    expect(code).toBe(1)
    expect((await reportOf()).books).toMatchObject([{ received: 2, waiting: 1, dropped: { duplicate: 1 } }])
  })

  it('goes on where it stopped, also when the file has grown, and sends nothing twice', async () => {
    await write('orders.csv', csv(row('A1'), row('A2')))
    await workshop.outcome(['send', 'orders.csv', ...STORE])
    await write('orders.csv', csv(row('A1'), row('A2'), row('A3')))

    const grown = await workshop.outcome(['send', 'orders.csv', ...STORE, '--json'])
    const done = await workshop.outcome(['send', 'orders.csv', ...STORE])

    expect(grown.output).toContain('from line 4 on')
    expect(grown.output).toContain('{"ending":"finished","taken":1,"refused":0,"broken":0,"line":4}')
    expect(done.output).toContain('All of it was sent before')
    expect((await reportOf()).books).toMatchObject([{ received: 3, dropped: {} }])
  })

  it('begins anew when the file is another one of the same name', async () => {
    await write('orders.csv', csv(row('A1')))
    await workshop.outcome(['send', 'orders.csv', ...STORE])
    await write('orders.csv', csv(row('B1')))

    const { output } = await workshop.outcome(['send', 'orders.csv', ...STORE])

    expect(output).toContain('is about another file')
    expect((await reportOf()).books).toMatchObject([{ received: 2 }])
  })

  describe('to a collector elsewhere', () => {
    const taken: string[] = []
    let answerWith: (req: IncomingMessage, body: string, res: ServerResponse) => void

    /** A collector of ours, in so far as `send` sees it. */
    async function elsewhere(): Promise<string> {
      taken.length = 0
      server = createServer((req, res) => {
        let body = ''
        req.setEncoding('utf8').on('data', (text: string) => (body += text))
        req.on('end', () => answerWith(req, body, res))
      })
      await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
      return `http://127.0.0.1:${(server?.address() as AddressInfo).port}/m/`
    }

    const take = (body: string, res: ServerResponse) => {
      const { data } = JSON.parse(body) as { data: { event_id: string }[] }
      taken.push(...data.map(({ event_id }) => event_id))
      res.end(JSON.stringify({ events_received: data.length }))
    }

    it('shows one of its API keys, from a file', async () => {
      const url = await elsewhere()
      const seen: unknown[] = []
      answerWith = (req, body, res) => {
        seen.push([req.url, req.headers.authorization])
        take(body, res)
      }
      await write('orders.csv', csv(row('A1')))
      await writeFile(join(workshop.folder, 'key'), 'the-key-of-the-shop\n')

      const { code, output } = await workshop.outcome([
        'send',
        'orders.csv',
        ...STORE,
        '--url',
        url,
        '--api-key-file',
        'key',
      ])

      expect(code).toBe(0)
      expect(seen).toEqual([['/m/events', 'Bearer the-key-of-the-shop']])
      expect(output).not.toContain('the-key-of-the-shop')
    })

    it('waits as long as it is asked to, and tries again', async () => {
      const url = await elsewhere()
      let asked = 0
      answerWith = (_, body, res) => {
        if (++asked > 1) take(body, res)
        else res.writeHead(503, { 'retry-after': '0' }).end('{"error":{"message":"The queue is full."}}')
      }
      await write('orders.csv', csv(row('A1')))

      const { code, output } = await workshop.outcome(['send', 'orders.csv', ...STORE, '--url', url], {
        API_KEYS: 'the-key-of-the-shop',
      })

      expect(output).toContain('The queue is full.; trying again')
      expect(code).toBe(0)
      expect(taken).toEqual(['A1'])
    })

    it('stops between two batches at Ctrl+C with 75, and the same command sends what is left', async () => {
      const url = await elsewhere()
      const args = ['send', 'orders.csv', ...STORE, '--url', url]
      const env = { API_KEYS: 'the-key-of-the-shop' }
      const ids = Array.from({ length: 1_200 }, (_, index) => `A${index}`)
      await write('orders.csv', csv(...ids.map(row)))
      let release: (() => void) | undefined
      answerWith = (_, body, res) => (release = () => take(body, res))

      const first = workshop.run(args, env)
      await eventually('the first batch', () => release)
      process.kill(first.pid, 'SIGINT')
      await first.printed(/Finishing what is under way/)
      release?.()
      expect(await first.ended).toBe(75)
      expect(first.output()).toMatch(/500 events taken/)
      expect(first.output()).toMatch(/the same command goes on from there/)
      answerWith = (_, body, res) => take(body, res)
      const second = await workshop.outcome(args, env)

      expect(second.output).toMatch(/700 events taken/)
      expect(second.code).toBe(0)
      expect(taken).toEqual(ids)
    })

    it('says so when the key is wrong, and does not go on', async () => {
      const url = await elsewhere()
      answerWith = (_, _body, res) => res.writeHead(401).end('{"error":{"message":"None of the API keys."}}')
      await write('orders.csv', csv(row('A1')))

      const { code, output } = await workshop.outcome(['send', 'orders.csv', ...STORE, '--url', url], {
        API_KEYS: 'the-key-of-the-shop',
      })

      expect(code).toBe(69)
      expect(output).toContain('Is the key one of its API_KEYS?')
      await expect(readFile(join(workshop.folder, 'orders.csv.sent.json'))).rejects.toThrow('ENOENT')
    })
  })

  it.each([
    [['send', 'nowhere.csv'], 2, 'There is no file nowhere.csv.'],
    [['send'], 2, 'FILE is missing.'],
    [['send', 'orders.csv', '--action-source', 'moon'], 2, '--action-source must be one of website'],
    [['send', 'orders.csv', '--format', 'xml'], 2, '--format must be ndjson or csv.'],
    [['send', 'orders.csv', '--url', 'http://127.0.0.1:9'], 69, 'wants one of its API keys'],
  ])('refuses %j', async (args, code, output) => {
    await write('orders.csv', csv(row('A1')))

    expect(await workshop.outcome(args)).toMatchObject({ code, output: expect.stringContaining(output) as string })
  })
})
