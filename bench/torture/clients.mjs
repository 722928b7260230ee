/** Shops that send all the time, one request after the other, and tell the oracle what was acknowledged. */
import { setTimeout as wait } from 'node:timers/promises'
import { API_KEY } from '../lib/collector-process.mjs'
import { makeEvent } from './events.mjs'

const ANSWER_WITHIN_MS = 5_000

/** Resolves when it is time. Nobody tries again: a second try would hide what the first one lost. */
export async function client(index, { url, oracle, endsAtMs, pauseMs }) {
  for (let round = 0; Date.now() < endsAtMs; round++) {
    const events = Array.from({ length: 1 + (round % 5) }, (_, place) => makeEvent(`${index}-${round}-${place}`, round))
    const answer = await send(url, events)
    if (answer === undefined) oracle.unanswered += events.length
    else if (answer.status !== 200 && answer.status !== 400) oracle.refused += events.length
    else {
      const rejected = answer.status === 400 ? events : (answer.body.rejected ?? []).map((one) => events[one.index])
      oracle.rejected += rejected.length
      for (const event of events) if (!rejected.includes(event)) oracle.acknowledge(event)
    }
    if (answer === undefined || answer.status !== 200) await wait(20)
    await wait(pauseMs)
  }
}

/** `undefined` when no whole answer came. */
async function send(url, events) {
  try {
    const answer = await fetch(`${url}/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${API_KEY}` },
      body: JSON.stringify({ data: events }),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    })
    return { status: answer.status, body: await answer.json() }
  } catch {
    return undefined
  }
}
