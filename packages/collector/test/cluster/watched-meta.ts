/** A pretended Meta that also notes which requests ended without its answer having got through. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSandbox, type Sandbox } from '@pixel-mirror/sandbox'
import type { Accident } from './twice.js'

export interface WatchedMeta {
  sandbox: Sandbox
  url: string
  /** Requests whose sender was gone, or tired of waiting, before it had the answer. */
  unheard: readonly Accident[]
  stop(): Promise<void>
}

export async function startWatchedMeta(): Promise<WatchedMeta> {
  const sandbox = createSandbox({ capacity: 500_000 })
  const unheard: Accident[] = []
  const server = createServer((req, res) => {
    const fromMs = Date.now()
    const pixelId = /\/(\d+)\/events/.exec(req.url ?? '')?.[1]
    res.once('close', () => {
      if (res.writableFinished) return
      unheard.push({
        name: 'an answer that was not heard',
        around: 'first',
        fromMs,
        toMs: Date.now(),
        ...(pixelId && { pixelId }),
      })
    })
    sandbox.handler(req, res)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    sandbox,
    url: `http://127.0.0.1:${port}`,
    unheard,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
