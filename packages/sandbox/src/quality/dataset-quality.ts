import type { EventCopies, ServerCopy } from '../copies/copy.js'
import { candidate } from '../rules/judge-event.js'
import { WARNINGS } from '../rules/warnings.js'

/** Meta's names for the parameters whose coverage it tells. */
const IDENTIFIERS: Readonly<Record<string, string>> = {
  em: 'email',
  ph: 'phone',
  fn: 'first_name',
  ln: 'last_name',
  db: 'date_of_birth',
  ge: 'gender',
  ct: 'city',
  st: 'state',
  zp: 'zip_code',
  country: 'country',
  external_id: 'external_id',
  client_ip_address: 'ip_address',
  client_user_agent: 'user_agent',
  fbc: 'fbc',
  fbp: 'fbp',
}

const COVERAGE_GOAL_PERCENT = 75
const HOUR_S = 3_600

/** How often somebody uploads, by how old the events are when they come, in seconds. */
const FREQUENCIES: readonly [upToS: number, name: string][] = [
  [HOUR_S, 'real_time'],
  [24 * HOUR_S, 'hourly'],
  [7 * 24 * HOUR_S, 'daily'],
  [Infinity, 'weekly'],
]

/**
 * What Meta's Dataset Quality API would tell of these events of one pixel: one entry per event name.
 *
 * Without `composite_score`: how Meta reckons it is not public, and a number made up here would be taken for Meta's.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/dataset-quality-api
 */
export function datasetQuality(events: readonly EventCopies[]): { web: Record<string, unknown>[] } {
  const names = [...new Set(events.map(({ event_name }) => event_name))]
  return {
    web: names.map((name) =>
      qualityOf(
        name,
        events.filter(({ event_name }) => event_name === name),
      ),
    ),
  }
}

function qualityOf(event_name: string, events: readonly EventCopies[]): Record<string, unknown> {
  const server = events.flatMap((event) => event.server)
  const browser = events.filter(({ browserCopies }) => browserCopies > 0)
  const relayed = events.filter(({ serverCopies }) => serverCopies > 0)
  const twins = browser.filter(({ serverCopies }) => serverCopies > 0)
  return {
    event_name,
    event_match_quality: { match_key_feedback: matchKeys(server), diagnostics: diagnostics(server) },
    ...(browser.length > 0 && {
      event_coverage: {
        percentage: percent(twins.length, browser.length),
        goal_percentage: COVERAGE_GOAL_PERCENT,
        description: 'Share of the browser’s events that came from a server, too, in what this sandbox remembers.',
      },
    }),
    dedupe_key_feedback: [
      {
        dedupe_key: 'event_id',
        browser_events_with_dedupe_key: { percentage: percent(browser.filter(hasId).length, browser.length) },
        server_events_with_dedupe_key: { percentage: percent(relayed.filter(hasId).length, relayed.length) },
        overall_browser_coverage_from_dedupe_key: { percentage: percent(twins.length, browser.length) },
      },
    ],
    ...(server.length > 0 && { data_freshness: { upload_frequency: frequency(server) } }),
  }
}

function matchKeys(server: readonly ServerCopy[]) {
  return Object.entries(IDENTIFIERS).flatMap(([key, identifier]) => {
    const having = server.filter(({ event }) => candidate(event).user[key] !== undefined).length
    return having === 0 ? [] : [{ identifier, coverage: { percentage: percent(having, server.length) } }]
  })
}

function diagnostics(server: readonly ServerCopy[]) {
  return WARNINGS.flatMap(({ name, message }) => {
    const affected = server.filter(({ warnings }) => warnings.includes(name)).length
    const counts = { affected_event_count: affected, total_event_count: server.length }
    return affected === 0
      ? []
      : [{ name, description: message, percentage: percent(affected, server.length), ...counts }]
  })
}

function frequency(server: readonly ServerCopy[]): string {
  const agesS = server.map(({ event, receivedAtMs }) => receivedAtMs / 1000 - Number(event['event_time']))
  const median = agesS.sort((left, right) => left - right)[Math.floor(agesS.length / 2)] ?? 0
  return FREQUENCIES.find(([upToS]) => median <= upToS)?.[1] ?? 'weekly'
}

function hasId({ event_id }: EventCopies): boolean {
  return event_id !== undefined
}

/** In whole percent; none of nothing is 0. */
function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((100 * part) / whole)
}
