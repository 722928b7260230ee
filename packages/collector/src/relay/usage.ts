import type { IncomingHttpHeaders } from 'node:http'

/** How much of Meta's limits is used, by the headers it sends once there were enough calls. */
export interface Usage {
  /** The fullest of the limits; 1 is where Meta begins to refuse. */
  share: number
  /** When Meta says how long until calls are let in again, in milliseconds. */
  regainMs?: number
}

const MINUTE_MS = 60_000

/** The names under which Meta reports percentages. @see https://developers.facebook.com/documentation/ads-commerce/marketing-api/overview/rate-limiting */
const PERCENTAGES = ['call_count', 'total_time', 'total_cputime', 'acc_id_util_pct']

/** Fields that say how long the door stays shut, and their unit. */
const REGAIN_UNITS_MS = { estimated_time_to_regain_access: MINUTE_MS, reset_time_duration: 1_000 }

const USAGE_HEADERS = ['x-business-use-case-usage', 'x-app-usage', 'x-ad-account-usage']

/** Reads all three usage headers; `undefined` when none says anything. Never throws: they are not worth a batch. */
export function readUsage(headers: IncomingHttpHeaders): Usage | undefined {
  const records = USAGE_HEADERS.flatMap((name) => flatten(parse(headers[name])))
  const shares = records.flatMap((record) => PERCENTAGES.map((name) => amount(record[name]) / 100))
  if (shares.length === 0) return undefined

  const regains = records.flatMap((record) =>
    // An account's reset time is there always, and only means something when the account is full.
    Object.entries(REGAIN_UNITS_MS).map(([name, unitMs]) =>
      name === 'reset_time_duration' && amount(record['acc_id_util_pct']) < 100 ? 0 : amount(record[name]) * unitMs,
    ),
  )
  const share = Math.max(...shares)
  const regainMs = Math.max(...regains)
  return regainMs > 0 ? { share, regainMs } : { share }
}

/** From here on requests are spread out. */
const PACED_FROM = 0.75
/** From here on the next request would likely be refused, and refusals count as well. */
const FULL_FROM = 0.95
const FULL_PAUSE_MS = MINUTE_MS
const LONGEST_PACE_MS = 10_000

/** How long a lane rests after a request that was accepted, in milliseconds, so that Meta need not refuse the next. */
export function restMs(usage: Usage | undefined): number {
  if (usage === undefined || usage.share < PACED_FROM) return 0
  if (usage.share >= FULL_FROM) return usage.regainMs ?? FULL_PAUSE_MS
  return Math.round(1_000 + ((usage.share - PACED_FROM) / (FULL_FROM - PACED_FROM)) * (LONGEST_PACE_MS - 1_000))
}

type UsageRecord = Record<string, unknown>

/** The business header holds lists by business id, the others one record. */
function flatten(value: unknown): UsageRecord[] {
  if (Array.isArray(value)) return value.flatMap(flatten)
  if (typeof value !== 'object' || value === null) return []
  const record = value as UsageRecord
  const isUsage = [...PERCENTAGES, ...Object.keys(REGAIN_UNITS_MS)].some((name) => Object.hasOwn(record, name))
  return isUsage ? [record] : Object.values(record).filter(Array.isArray).flatMap(flatten)
}

function parse(header: string | string[] | undefined): unknown {
  try {
    return JSON.parse(Array.isArray(header) ? (header[0] ?? '') : (header ?? ''))
  } catch {
    return undefined
  }
}

function amount(value: unknown): number {
  const number = typeof value === 'number' || typeof value === 'string' ? Number(value) : 0
  return Number.isFinite(number) && number > 0 ? number : 0
}
