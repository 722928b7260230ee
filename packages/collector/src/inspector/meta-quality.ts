import type { MetaNameQuality, MetaQuality } from './api.js'
import type { Pixel } from '../pixels.js'
import { appSecretProof } from '../relay/request-body.js'

const FIELDS =
  'web{event_name,event_match_quality{composite_score,match_key_feedback{identifier,coverage},diagnostics{name,description,solution}},event_coverage{percentage,goal_percentage},data_freshness{upload_frequency}}'

const KNOWN_FOR_MS = 10 * 60_000
const UNAVAILABLE_FOR_MS = 60_000
const TIMEOUT_MS = 5_000

/**
 * Meta's own view of a pixel: its Dataset Quality API, where the token may read it. Asked at most every ten minutes.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/dataset-quality-api
 */
export function createMetaQuality(
  graph: { url: string; apiVersion: string; fetch: typeof fetch },
  now: () => number,
): (pixel: Pixel) => Promise<MetaQuality> {
  const answers = new Map<string, { untilMs: number; answer: Promise<MetaQuality> }>()

  async function ask(pixel: Pixel): Promise<MetaQuality> {
    const unavailable = (reason: string): MetaQuality => ({ kind: 'unavailable', atMs: now(), reason })
    if (!pixel.accessToken) return unavailable('No access token is set for this pixel.')
    const url = new URL(`${graph.url}/${graph.apiVersion}/dataset_quality`)
    url.searchParams.set('dataset_id', pixel.id)
    url.searchParams.set('fields', FIELDS)
    const token = pixel.accessToken.reveal()
    if (pixel.appSecret) url.searchParams.set('appsecret_proof', appSecretProof(token, pixel.appSecret.reveal()))
    try {
      const response = await graph.fetch(url, {
        // In a header, not in the address: addresses end up in logs on the way.
        headers: { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      const body: unknown = await response.json()
      if (!response.ok) return unavailable(reasonOf(response.status, body))
      return { kind: 'known', atMs: now(), names: namesOf(body) }
    } catch {
      return unavailable('Meta did not answer.')
    }
  }

  return (pixel) => {
    const kept = answers.get(pixel.id)
    if (kept && now() < kept.untilMs) return kept.answer
    const answer = ask(pixel)
    const asked = { untilMs: now() + UNAVAILABLE_FOR_MS, answer }
    answers.set(pixel.id, asked)
    void answer.then(({ kind }) => {
      if (kind === 'known') asked.untilMs = now() + KNOWN_FOR_MS
    })
    return answer
  }
}

/** Reads what Meta answers, and believes none of it to be complete. */
function namesOf(body: unknown): MetaNameQuality[] {
  return list(field(body, 'web')).flatMap((entry) => {
    const eventName = field(entry, 'event_name')
    if (typeof eventName !== 'string') return []
    const quality = field(entry, 'event_match_quality')
    const coverage = field(entry, 'event_coverage')
    return [
      {
        eventName,
        ...numberAs('score', field(quality, 'composite_score')),
        ...numberAs('coveragePercent', field(coverage, 'percentage')),
        ...numberAs('coverageGoalPercent', field(coverage, 'goal_percentage')),
        ...textAs('freshness', field(field(entry, 'data_freshness'), 'upload_frequency')),
        advice: list(field(quality, 'diagnostics')).flatMap((diagnostic) => {
          const words = field(diagnostic, 'solution') ?? field(diagnostic, 'description')
          return typeof words === 'string' ? [words] : []
        }),
      },
    ]
  })
}

function reasonOf(status: number, body: unknown): string {
  const code = field(field(body, 'error'), 'code')
  if (code === 10 || code === 200 || code === 3 || status === 403) {
    return 'The access token may not read it: it needs the permissions ads_read and ads_management (or business_management).'
  }
  if (code === 190) return 'The access token is not valid.'
  return `Meta answered ${status}${typeof code === 'number' ? `, code ${code}` : ''}.`
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function numberAs<K extends string>(name: K, value: unknown): { [name in K]?: number } {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value
  return (typeof number === 'number' && Number.isFinite(number) ? { [name]: number } : {}) as { [name in K]?: number }
}

function textAs<K extends string>(name: K, value: unknown): { [name in K]?: string } {
  return (typeof value === 'string' ? { [name]: value } : {}) as { [name in K]?: string }
}
