import { ACTION_SOURCES } from '@pixel-mirror/common'
import { wrongType, type FieldType } from './field-type.js'
import type { Candidate, Rule } from './rule.js'

const DAY_MS = 86_400_000
const MAX_AGE_DAYS = 7
const MAX_PHYSICAL_STORE_AGE_DAYS = 62
const MAX_NAME_LENGTH = 50
/** Seconds reach twelve digits in the year 5138, milliseconds had thirteen in 2001. */
const FIRST_MILLISECONDS = 100_000_000_000

/** Whether the buyer is new. Meta lists it as a field of the event, and shows it within `custom_data`. */
const CUSTOMER_SEGMENTATIONS = [
  ...['new', 'existing'].flatMap((kind) =>
    ['business', 'business_line', 'product_area', 'medium'].map((what) => `${kind}_customer_to_${what}`),
  ),
  'customer_in_loyalty_program',
]

/**
 * The types of an event's own fields.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/server-event
 */
export const EVENT_FIELDS = {
  event_name: 'text',
  event_time: 'whole',
  event_id: 'text',
  action_source: 'text',
  event_source_url: 'text',
  referrer_url: 'text',
  opt_out: 'truth',
  user_data: 'object',
  custom_data: 'object',
  app_data: 'object',
  original_event_data: 'object',
  attribution_data: 'object',
  customer_segmentation: 'text',
  messaging_channel: 'text',
  data_processing_options: 'list',
  data_processing_options_country: 'whole',
  data_processing_options_state: 'whole',
  advertiser_tracking_enabled: 'truth',
  advanced_measurement_table: 'text',
} as const satisfies Record<string, FieldType>

/** Every event, whoever sends it. */
export const EVENT_RULES: readonly Rule<Candidate>[] = [
  {
    name: 'event_name_missing',
    title: 'Missing Event Name',
    message: 'The parameter event_name is required for every event.',
    evidence: 'documented',
    brokenBy: ({ event: { event_name: name } }) =>
      typeof name === 'string' && name.trim() !== '' ? undefined : 'event_name',
  },
  {
    name: 'event_name_too_long',
    title: 'Invalid Event Name',
    message: `The name of an event may have at most ${MAX_NAME_LENGTH} characters.`,
    evidence: 'documented',
    brokenBy: ({ event }) => ([...(event['event_name'] as string)].length > MAX_NAME_LENGTH ? 'event_name' : undefined),
  },
  {
    name: 'event_time_missing',
    title: 'Missing Event Timestamp',
    message: 'The parameter event_time is required for every event.',
    evidence: 'documented',
    brokenBy: ({ event }) => ((event['event_time'] ?? undefined) === undefined ? 'event_time' : undefined),
  },
  {
    name: 'event_field_of_wrong_type',
    title: 'Invalid Parameter',
    message: 'The parameter {field} has the wrong type.',
    evidence: 'documented',
    brokenBy: ({ event }) => wrongType(EVENT_FIELDS, event),
  },
  {
    name: 'event_time_in_milliseconds',
    title: 'Event Timestamp In The Future',
    message: 'The timestamp for this event is not in seconds: it seems to be in milliseconds.',
    evidence: 'observed',
    brokenBy: ({ event }) => ((event['event_time'] as number) >= FIRST_MILLISECONDS ? 'event_time' : undefined),
  },
  {
    name: 'event_time_in_the_future',
    title: 'Event Timestamp In The Future',
    message: 'The timestamp for this event is in the future.',
    evidence: 'observed',
    brokenBy: ({ event }, { nowMs, futureToleranceMs }) =>
      (event['event_time'] as number) * 1000 > nowMs + futureToleranceMs ? 'event_time' : undefined,
  },
  {
    name: 'event_time_too_old',
    subcode: 2804003,
    title: 'Event Timestamp Too Old',
    message: `The timestamp for this event is too far in the past. Events must be sent within ${MAX_AGE_DAYS} days of when they occurred.`,
    evidence: 'documented',
    brokenBy: ({ event }, { nowMs }) => {
      const days = event['action_source'] === 'physical_store' ? MAX_PHYSICAL_STORE_AGE_DAYS : MAX_AGE_DAYS
      return nowMs - (event['event_time'] as number) * 1000 > days * DAY_MS ? 'event_time' : undefined
    },
  },
  {
    name: 'action_source_missing',
    title: 'Missing Action Source',
    message: 'The parameter action_source is required for every event.',
    evidence: 'documented',
    brokenBy: ({ event }) => (event['action_source'] === undefined ? 'action_source' : undefined),
  },
  {
    name: 'action_source_unknown',
    title: 'Invalid Action Source',
    message: `action_source must be one of: ${ACTION_SOURCES.join(', ')}.`,
    evidence: 'documented',
    brokenBy: ({ event }) =>
      ACTION_SOURCES.some((source) => source === event['action_source']) ? undefined : 'action_source',
  },
  {
    name: 'customer_segmentation_unknown',
    title: 'Invalid Customer Segmentation',
    message: `customer_segmentation must be one of: ${CUSTOMER_SEGMENTATIONS.join(', ')}.`,
    evidence: 'documented',
    brokenBy: ({ event, custom }) => {
      const isUnknown = (value: unknown) => value !== undefined && !CUSTOMER_SEGMENTATIONS.includes(value as string)
      if (isUnknown(event['customer_segmentation'])) return 'customer_segmentation'
      return isUnknown(custom['customer_segmentation']) ? 'custom_data.customer_segmentation' : undefined
    },
  },
]
