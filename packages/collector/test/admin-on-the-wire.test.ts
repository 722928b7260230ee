import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { runCollector } from './running-collector.js'

/** Sends bytes as they are, and says with which status they are answered. */
function statusOf(port: number, bytes: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    let answer = ''
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')))
    socket.on('error', reject)
    socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1])))
  })
}

const get = (target: string, host = 'localhost', more = '') =>
  `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${more}Connection: close\r\n\r\n`
const post = (target: string, body: string) =>
  `POST ${target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`

describe('the admin listener', () => {
  it('answers what is strange with a plain status, and has no fault in the log', async () => {
    const { adminUrl, logged } = await runCollector()
    const port = Number(new URL(adminUrl).port)
    const cases: [request: string, status: number][] = [
      [get('http://stranger.example/admin/queue', 'stranger.example'), 401],
      ['GET /admin/queue HTTP/1.0\r\n\r\n', 401],
      [get('/admin/queue', 'localhost', 'X-Forwarded-For: 203.0.113.7\r\n'), 401],
      [get('/inspect/%ff%00'), 404],
      [get('/inspect/../../package.json'), 404],
      [get('/inspect/%2e%2e%2fpackage.json'), 404],
      [get('/inspect/api/summary?range=__proto__'), 400],
      [get('/inspect/api/events/NaN'), 404],
      [get('/admin/dead-letters?limit=1e999&since_ms=x&after=%00'), 400],
      [post('/admin/dead-letters', '{"action":"__proto__","ids":{"a":"b"}}'), 400],
      [post('/admin/events', '[[[['), 400],
      [get('/admin/probes/__proto__'), 200],
      [get('/metrics', 'localhost', `X-Long: ${'y'.repeat(65_536)}\r\n`), 431],
      ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ]

    const answered: [string, number][] = []
    for (const [request] of cases) answered.push([request, await statusOf(port, request)])

    expect(answered).toEqual(cases)
    expect(logged.filter((line) => /"level":"(error|fatal)"/.test(line))).toEqual([])
  })
})
