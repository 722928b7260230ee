import { createHash } from 'node:crypto'
import type { Pixel } from '../../pixels.js'
import { classify } from '../../relay/classify.js'
import { createGraphApi, type GraphApi } from '../../relay/graph-api.js'
import { RELAY_LIMITS } from '../../relay/limits.js'
import type { Outcome } from '../../relay/outcome.js'
import { remedyFor } from '../../relay/remedies.js'
import { requestBody } from '../../relay/request-body.js'
import { about, type Check, type CheckContext, type Finding } from './finding.js'

const { ok, failed, skipped } = about('token')

const TIMEOUT_MS = 10_000

/**
 * Does Meta take events of each pixel with its token? Found out by sending one, on the relay's own road.
 *
 * Only where a test event code is given: an event without one would count as a visitor's.
 */
export const checkToken: Check = async (context) => {
  const { settings, testEventCode } = context
  if (settings.sandbox) return [skipped('No token is set: the sandbox stands in for Meta, which takes any.')]
  const api = createGraphApi({ ...settings, limits: RELAY_LIMITS })
  try {
    const findings: Finding[] = []
    for (const pixel of settings.pixels) {
      const code = testEventCode ?? pixel.testEventCode
      findings.push(code === undefined ? notTried(pixel) : await tryOut(api, pixel, code, context))
    }
    return findings
  } finally {
    await api.close()
  }
}

function notTried({ id }: Pixel): Finding {
  return skipped(
    `Pixel ${id}: to try its token, give the code that Events Manager shows under Test Events: check --test-event-code TEST12345`,
  )
}

async function tryOut(
  api: GraphApi,
  pixel: Pixel,
  testEventCode: string,
  { now, publicUrl }: CheckContext,
): Promise<Finding> {
  const event = testEvent(now(), publicUrl ?? 'https://example.com')
  const body = Buffer.from(requestBody({ pixelId: pixel.id, testEventCode }, [event], pixel))
  const outcome = classify(await api.post(pixel.id, body, TIMEOUT_MS), { events: 1, nowMs: now() })
  if (outcome.kind === 'accepted')
    return ok(`Pixel ${pixel.id}: Meta took a test event; look for it under Test Events.`)
  return failed(
    `Pixel ${pixel.id}: ${wordsOf(outcome)}`,
    remedyFor({ cause: outcome.cause, ...(outcome.kind !== 'retry' && outcome.reason) }),
  )
}

/** Says who it is, and carries what Meta asks of a website's event at least. */
function testEvent(nowMs: number, url: string) {
  const id = createHash('sha256').update(`pixel-mirror check ${nowMs}`).digest('hex')
  const json = JSON.stringify({
    event_name: 'PixelMirrorCheck',
    event_time: Math.floor(nowMs / 1_000),
    event_id: id.slice(0, 32),
    action_source: 'website',
    event_source_url: `${url}/`,
    user_data: { external_id: [id], client_user_agent: 'pixel-mirror check' },
  })
  return { ref: '', eventName: 'PixelMirrorCheck', eventTimeMs: nowMs, receivedAtMs: nowMs, deadlineMs: Infinity, json }
}

function wordsOf(outcome: Exclude<Outcome, { kind: 'accepted' }>): string {
  if (outcome.kind === 'retry') return `Meta did not take a test event (${outcome.cause}).`
  const { code, subcode, message, fbtraceId } = outcome.reason
  const codes = [code, subcode].filter((part) => part !== undefined).join('/')
  return `Meta refused a test event: ${message} (${codes}${fbtraceId === undefined ? '' : `, fbtrace_id ${fbtraceId}`})`
}
