import { limits } from '@pixel-mirror/common'
import type { Draft } from './draft.js'
import type { Findings } from './findings.js'
import type { Received } from './received.js'

/** The finished event must hold what Meta demands: whatever is missing here would make Meta refuse the whole request. */
export function meetsMeta(draft: Draft, received: Received, findings: Findings): void {
  young(draft, received, findings)
  enoughUserData(draft, findings)
  if (draft.event_name === 'Purchase') purchase(draft, findings)
  DEMANDS[draft.action_source]?.(draft, findings)
}

/**
 * How long before Meta's age limit an event counts as too old already, in milliseconds: it has to travel, and clocks differ.
 */
export const AGE_MARGIN_MS = 10 * 60_000

/** From when on Meta refuses the event, less the margin, in milliseconds since the epoch. */
export function deadlineMs({ event_time, action_source }: Pick<Draft, 'event_time' | 'action_source'>): number {
  const maxAgeMs = action_source === 'physical_store' ? limits.MAX_PHYSICAL_STORE_EVENT_AGE_MS : limits.MAX_EVENT_AGE_MS
  return event_time * 1000 + maxAgeMs - AGE_MARGIN_MS
}

function young(draft: Draft, { receivedAtMs }: Received, findings: Findings): void {
  if (draft.event_time > 0 && deadlineMs(draft) <= receivedAtMs) findings.refuse('event_time_too_old', 'event_time')
}

/** @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/custom-data, error subcodes 2804009 and 2804010 */
function purchase({ custom_data }: Draft, findings: Findings): void {
  if (custom_data?.value === undefined) findings.refuse('purchase_without_value', 'custom_data.value')
  if (custom_data?.currency === undefined) findings.refuse('purchase_without_currency', 'custom_data.currency')
}

/**
 * Combinations of which each alone says too little: an event is refused (subcode 2804050) when its keys are only some of one of them.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/best-practices
 */
const TOO_LITTLE: readonly ReadonlySet<string>[] = [
  new Set(['ct', 'country', 'st', 'zp', 'ge', 'client_user_agent']),
  new Set(['db', 'client_user_agent']),
  new Set(['fn', 'ge']),
  new Set(['ln', 'ge']),
]

function enoughUserData({ user_data }: Draft, findings: Findings): void {
  const keys = Object.keys(user_data)
  if (TOO_LITTLE.some((combination) => keys.every((key) => combination.has(key)))) {
    findings.refuse('not_enough_user_data', 'user_data')
  }
}

/** What an event must hold for the place where it happened. @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/server-event */
const DEMANDS: Partial<Record<Draft['action_source'], (draft: Draft, findings: Findings) => void>> = {
  website({ event_source_url, user_data }, findings) {
    if (event_source_url === undefined) findings.refuse('website_without_event_source_url', 'event_source_url')
    if (user_data.client_user_agent === undefined) {
      findings.refuse('website_without_user_agent', 'user_data.client_user_agent')
    }
  },
  app({ app_data }, findings) {
    if (!isWholeAppData(app_data)) findings.refuse('app_without_app_data', 'app_data')
  },
  business_messaging({ messaging_channel, user_data }, findings) {
    if (messaging_channel === undefined) findings.refuse('messaging_without_channel', 'messaging_channel')
    if (!ACCOUNTS.some((account) => user_data[account] !== undefined)) {
      findings.refuse('messaging_without_account', 'user_data')
    }
  },
}

const EXTINFO_VALUES = 16
const SWITCH = new Set<unknown>([0, 1, true, false])
const PLATFORMS = new Set<unknown>(['a2', 'i2'])

/** The platform comes first, the system's version fifth; the other places may be empty. */
function isWholeAppData(appData: Draft['app_data']): boolean {
  const extinfo: unknown = appData?.extinfo
  const whole =
    Array.isArray(extinfo) && extinfo.length === EXTINFO_VALUES && PLATFORMS.has(extinfo[0]) && Boolean(extinfo[4])
  return whole && SWITCH.has(appData?.advertiser_tracking_enabled)
}

/** Any of them names the business that was written to (subcode 2804116). */
const ACCOUNTS = ['page_id', 'ig_account_id', 'whatsapp_business_account_id']
