/**
 * An oracle under load: it sends events to a cluster as impatient senders would, and remembers every acknowledgement.
 *
 * What gets no answer, or a refusal, is sent again to the next node with the same id, as the tracker and every Conversions API client do.
 */
import { setTimeout as wait } from 'node:timers/promises'

const API_KEY = 'cluster-only-0123456789abcdef'
const CLIENTS = 6
const PAUSE_MS = 20
const PATIENCE_MS = 3_000

export interface Oracle {
  /** What was acknowledged, as `pixel event_id`. Nothing in here may be lost. */
  acknowledged: ReadonlySet<string>
  /** Answers that were no acknowledgement, by status; `none` where no answer came. */
  others: ReadonlyMap<string, number>
  /** What was said by those that were answered. */
  refusals: readonly Refusal[]
  /** Sends no more; resolves when every client is through. */
  stop(): Promise<void>
}

export interface Refusal {
  status: number
  retryAfter: string | null
}

export const ORACLE_ENV = { API_KEYS: API_KEY }

/** @param urls the nodes, as a load balancer without health checks would have them */
export function startLoad(urls: readonly string[], pixelIds: readonly string[]): Oracle {
  const acknowledged = new Set<string>()
  const others = new Map<string, number>()
  const refusals: Refusal[] = []
  let sending = true

  async function client(index: number): Promise<void> {
    for (let round = 0; sending; round++) {
      const events = Array.from({ length: 1 + (round % 5) }, (_, place) =>
        someLead(pixelIds[(round + index) % pixelIds.length]!, `${index}-${round}-${place}`),
      )
      for (let turn = index + round; sending; turn++) {
        const status = await post(urls[turn % urls.length]!, events, refusals)
        if (status === '200') {
          for (const event of events) acknowledged.add(nameOf(event))
          break
        }
        others.set(status, (others.get(status) ?? 0) + 1)
        await wait(PAUSE_MS)
      }
      await wait(PAUSE_MS)
    }
  }

  const clients = Promise.all(Array.from({ length: CLIENTS }, (_, index) => client(index)))
  return {
    acknowledged,
    others,
    refusals,
    async stop() {
      sending = false
      await clients
    },
  }
}

export const nameOf = ({ pixel_id, event_id }: { pixel_id: string; event_id?: string }) =>
  `${pixel_id} ${event_id ?? 'without id'}`

/** The status; anything but an answer that takes all of them is no acknowledgement. */
async function post(url: string, data: readonly object[], refusals: Refusal[]): Promise<string> {
  try {
    const answer = await fetch(`${url}/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${API_KEY}` },
      body: JSON.stringify({ data }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    const body = (await answer.json()) as { events_received?: number }
    if (answer.status !== 200) {
      refusals.push({ status: answer.status, retryAfter: answer.headers.get('retry-after') })
      return String(answer.status)
    }
    return body.events_received === data.length ? '200' : '200 for some'
  } catch {
    return 'none'
  }
}

function someLead(pixel_id: string, event_id: string) {
  return {
    pixel_id,
    event_name: 'Lead',
    event_id,
    event_time: Math.floor(Date.now() / 1_000),
    action_source: 'website',
    event_source_url: 'https://shop.example/',
    user_data: { client_ip_address: '203.0.113.9', client_user_agent: 'Mozilla/5.0 cluster' },
  }
}
