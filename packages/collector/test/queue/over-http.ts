/** A whole collector on an engine that goes away and comes back, seen from outside. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSandbox } from '@pixel-mirror/sandbox'
import { eventually } from '@pixel-mirror/testing'
import { expect, onTestFinished } from 'vitest'
import { API_KEY, runCollector, type RunningCollector } from '../running-collector.js'

let count = 0

/** One event with a text of some length, as a server would send it; the status, and how long the answer says to wait. */
export async function send(
  { url }: RunningCollector,
  length = 10,
): Promise<{ id: string; status: number; waitS: number }> {
  const id = `event-${++count}`
  const event = {
    event_name: 'Lead',
    event_id: id,
    event_time: Math.floor(Date.now() / 1_000),
    action_source: 'website',
    event_source_url: 'https://shop.example/',
    user_data: { client_ip_address: '203.0.113.9', client_user_agent: 'Mozilla/5.0 cluster' },
    custom_data: { content_name: 'x'.repeat(length) },
  }
  const answer = await fetch(`${url}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${API_KEY}` },
    body: JSON.stringify({ data: [event] }),
  })
  await answer.text()
  return { id, status: answer.status, waitS: Number(answer.headers.get('retry-after')) }
}

export const isReady = ({ url }: RunningCollector) => fetch(`${url}/health/ready`).then(({ ok }) => ok)

/** A pretended Meta that takes nothing until it is told to. */
export async function startMeta() {
  const sandbox = createSandbox()
  const server = createServer(sandbox.handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  sandbox.behave({ kind: 'server_error', status: 503 })
  return { sandbox, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

export interface Engine {
  /** For `QUEUE_URL`. */
  url: string
  leave: () => Promise<unknown>
  comeBack: () => Promise<unknown>
}

/** That it refuses with a time and says it is not ready while the engine is away, and goes on by itself with all that it had taken. */
export async function ridesOut({ url, leave, comeBack }: Engine): Promise<void> {
  const meta = await startMeta()
  const collector = await runCollector({ env: { QUEUE_URL: url, META_GRAPH_URL: meta.url } })
  const before = await send(collector)

  await leave()
  const refused = await send(collector)
  await eventually('it to be unready', async () => !(await isReady(collector)))
  await comeBack()
  await eventually('it to be ready again', () => isReady(collector), 60_000)
  const after = await send(collector)
  meta.sandbox.clearBehaviours()

  expect([before.status, refused.status, after.status]).toEqual([200, 503, 200])
  expect(refused.waitS).toBeGreaterThan(0)
  await eventually('both at Meta', () => meta.sandbox.counts().serverCopies >= 2, 60_000)
  const ids = meta.sandbox.received().map(({ event_id }) => event_id)
  expect(new Set(ids)).toEqual(new Set([before.id, after.id]))
}
