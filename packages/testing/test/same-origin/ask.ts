import type { IncomingHttpHeaders } from 'node:http'
import { request } from 'node:https'
import { SHOP_HOST, type RunningServer } from './web-servers.js'

export interface Question {
  path: string
  method?: string
  headers?: Record<string, string>
  body?: string
  /** The visitor's own address; a loopback one. */
  from?: string
}

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

/** Asks the shop's web server as a visitor's browser does who has that address; nothing is unpacked or followed. */
export function ask(server: RunningServer, { path, method = 'GET', headers = {}, body, from = '127.0.0.1' }: Question) {
  return new Promise<Answer>((resolve, reject) => {
    const asked = request(
      {
        host: from.includes(':') ? '::1' : '127.0.0.1',
        localAddress: from,
        port: server.port,
        servername: SHOP_HOST,
        rejectUnauthorized: false,
        agent: false,
        path,
        method,
        headers: { host: new URL(server.origin).host, ...headers },
      },
      (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }),
        )
      },
    )
    asked.on('error', reject)
    asked.end(body)
  })
}
