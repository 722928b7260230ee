/** Fills a queue file by the queue's own `append()`, and dies without closing it, as in a crash. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { openQueue } from '../../packages/collector/dist/index.js'

const [file, size] = process.argv.slice(2)
const LANE = { pixelId: '1234567890' }
const HASH = '62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f'
/** As many as a commit of a busy collector takes in. */
const AT_ONCE = 2_000

const log = { info() {}, warn: console.error, error: console.error }
mkdirSync(dirname(file), { recursive: true })
const queue = await openQueue(`sqlite:${file}`, { maxBytes: 50e9, log, observe() {}, now: Date.now })

const nowMs = Date.now()
const common = {
  event_time: Math.floor(nowMs / 1_000),
  action_source: 'website',
  event_source_url: 'https://shop.example/thanks',
  user_data: {
    em: [HASH],
    ph: [HASH],
    client_ip_address: '203.0.113.9',
    client_user_agent: 'Mozilla/5.0 (X11; Linux x86_64)',
  },
  custom_data: { value: 12.5, currency: 'EUR' },
}

function someEvent(index) {
  const eventId = `order-${index}`
  const json = JSON.stringify({ event_name: 'Purchase', event_id: eventId, ...common })
  return { lane: LANE, eventName: 'Purchase', eventId, eventTimeMs: nowMs, deadlineMs: nowMs + 6e8, json }
}

for (let index = 0; index < Number(size);) {
  const count = Math.min(AT_ONCE, Number(size) - index)
  await queue.append(Array.from({ length: count }, () => someEvent(index++)))
}
process.kill(process.pid, 'SIGKILL')
