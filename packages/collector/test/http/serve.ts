import type { Server } from 'node:http'
import { connect } from 'node:net'
import { onTestFinished } from 'vitest'
import { createApp } from '../../src/http/app.js'
import type { AppOptions } from '../../src/http/app.js'
import type { IngestResult } from '../../src/pipeline/ingest.js'
import { createReadiness } from '../../src/http/readiness.js'
import { close, createHttpServer, listen } from '../../src/http/server.js'
import { silentLog } from '../../src/logger.js'
import type { Happening } from '../../src/observer.js'
import type { Received } from '../../src/pipeline/received.js'
import { createPixels } from '../../src/pixels.js'
import type { Pixel } from '../../src/pixels.js'
import { loadSettings } from '../../src/settings/load-settings.js'

export const API_KEY = 'an-api-key-for-the-tests'
export const SHOP = 'https://shop.example'

export interface ServeOptions extends Partial<Omit<AppOptions, 'settings' | 'pixels'>> {
  settings?: Partial<AppOptions['settings']>
  pixels?: Pixel[]
  /** What becomes of the events; by default all are safe. */
  ingested?: Partial<Extract<IngestResult, { kind: 'ingested' }>>
}

/** A served app, what reached the pipeline, and what the watchers were told. */
export interface Served {
  url: string
  port: number
  server: Server
  ingests: { body: unknown; received: Received }[]
  happenings: Happening[]
  /** Posts to `/events` as a page of `https://shop.example` does, unless told otherwise. */
  post: (body: unknown, headers?: Record<string, string>, path?: string) => Promise<Response>
  /** Sends bytes as they are and collects what comes back until the connection ends. */
  raw: (bytes: string | Buffer) => Promise<string>
}

/** Serves the public app on a free port, with a pipeline that only writes down what it is given. */
export async function serve(options: ServeOptions = {}): Promise<Served> {
  const { settings, pixels = [pixel('1', SHOP)], ingested, ...rest } = options
  const ingests: Served['ingests'] = []
  const happenings: Happening[] = []
  const now = rest.now ?? Date.now
  const readiness = createReadiness(
    () => ({ probe: () => Promise.resolve(), status: () => Promise.resolve(EMPTY) }),
    now,
  )
  const { app, shortcut } = createApp({
    settings: {
      ...loadSettings({ env: { API_KEYS: API_KEY }, configFile: 'none', readFile: () => '{}' }),
      ...settings,
    },
    pixels: createPixels(pixels),
    ingest(body, received) {
      ingests.push({ body, received })
      const count = (body as { data?: unknown[] }).data?.length ?? 1
      return Promise.resolve({ kind: 'ingested', eventsReceived: count, rejected: [], identity: {}, ...ingested })
    },
    readiness,
    isClosed: () => false,
    observe: (happening) => void happenings.push(happening),
    log: silentLog,
    now,
    ...rest,
  })
  app.silent = true
  const server = createHttpServer(
    // Koa's handler returns a promise that it settles itself.
    (req, res) => void (shortcut(req, res) || app.callback()(req, res)),
    (happening) => void happenings.push(happening),
    now,
  )
  const port = await listen(server, 0, '127.0.0.1')
  onTestFinished(() => close(server, 0))
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    port,
    server,
    ingests,
    happenings,
    post: (body, headers = { origin: SHOP }, path = '/events') =>
      fetch(url + path, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) }),
    raw: (bytes) =>
      new Promise((resolve, reject) => {
        const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
        let answer = ''
        socket.on('data', (chunk) => (answer += chunk.toString('latin1')))
        socket.on('error', reject)
        socket.on('close', () => resolve(answer))
      }),
  }
}

export function pixel(id: string, ...allowedOrigins: string[]): Pixel {
  return { id, allowedOrigins }
}

const EMPTY = { waitingEvents: 0, bytes: 0, maxBytes: 1, deadLetters: 0 }
