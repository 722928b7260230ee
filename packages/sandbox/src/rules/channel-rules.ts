import { isObject } from './field-type.js'
import type { Candidate, Rule } from './rule.js'

const EXTENDED_DEVICE_VALUES = 16
/** Any of them names the business that was written to. */
const ACCOUNTS = ['page_id', 'whatsapp_business_account_id', 'ig_account_id']
/** Meta speaks of special names; the list is as complete as could be observed. */
const MESSAGING_EVENT_NAMES = [
  'LeadSubmitted',
  'Purchase',
  'AddToCart',
  'InitiateCheckout',
  'ViewContent',
  'QualifiedLead',
  'CartAbandoned',
  'OrderCreated',
  'OrderShipped',
  'OrderDelivered',
  'OrderCanceled',
  'OrderReturned',
  'RatingProvided',
  'ReviewProvided',
]

/** What events from apps and messengers need beside the rest. A web relay sends neither. */
export const CHANNEL_RULES: readonly Rule<Candidate>[] = [
  {
    name: 'messaging_without_channel',
    title: 'Missing Messaging Channel',
    message: 'Events with action_source business_messaging must carry messaging_channel.',
    evidence: 'documented',
    brokenBy: ({ event }) =>
      isMessaging(event) && event['messaging_channel'] === undefined ? 'messaging_channel' : undefined,
  },
  {
    name: 'messaging_event_not_allowed',
    subcode: 2804066,
    title: 'Event Type Not Allowed',
    message: 'This event_name is not supported for business messaging events.',
    evidence: 'observed',
    brokenBy: ({ event }) =>
      isMessaging(event) && !MESSAGING_EVENT_NAMES.includes(event['event_name'] as string) ? 'event_name' : undefined,
  },
  {
    name: 'messaging_without_page',
    subcode: 2804116,
    title: 'Missing Page Or WhatsApp Business Account',
    message: 'Business messaging events must carry user_data.page_id or user_data.whatsapp_business_account_id.',
    evidence: 'observed',
    brokenBy: ({ event, user }) =>
      isMessaging(event) && !ACCOUNTS.some((account) => user[account]) ? 'user_data.page_id' : undefined,
  },
  {
    name: 'app_without_app_data',
    title: 'Missing App Data',
    message: 'Events with action_source app must carry app_data with advertiser_tracking_enabled and extinfo.',
    evidence: 'documented',
    brokenBy: ({ event }) => {
      if (event['action_source'] !== 'app') return undefined
      const app = event['app_data']
      return isObject(app) && isSwitch(app['advertiser_tracking_enabled']) ? undefined : 'app_data'
    },
  },
  {
    name: 'extended_device_info_malformed',
    title: 'Invalid Extended Device Info',
    message: `app_data.extinfo must have ${EXTENDED_DEVICE_VALUES} values; the first is a2 or i2, the fifth the system's version.`,
    evidence: 'documented',
    brokenBy: ({ event }) =>
      event['action_source'] === 'app' &&
      !isExtendedDeviceInfo((event['app_data'] as Record<string, unknown>)['extinfo'])
        ? 'app_data.extinfo'
        : undefined,
  },
]

function isMessaging(event: Record<string, unknown>): boolean {
  return event['action_source'] === 'business_messaging'
}

function isSwitch(value: unknown): boolean {
  return value === 0 || value === 1 || typeof value === 'boolean'
}

function isExtendedDeviceInfo(info: unknown): boolean {
  return (
    Array.isArray(info) &&
    info.length === EXTENDED_DEVICE_VALUES &&
    (info[0] === 'a2' || info[0] === 'i2') &&
    Boolean(info[4])
  )
}
