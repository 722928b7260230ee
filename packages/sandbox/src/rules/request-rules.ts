import { isObject, wrongType, type FieldType } from './field-type.js'
import type { Rule } from './rule.js'

/** @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/using-the-api */
export const MAX_EVENTS = 1_000

/** What travels beside `data`. */
const REQUEST_FIELDS = {
  test_event_code: 'text',
  partner_agent: 'text',
  upload_tag: 'text',
  upload_id: 'id',
  upload_source: 'text',
  namespace_id: 'id',
} as const satisfies Record<string, FieldType>

/** The request as a whole, before any of its events is looked at. */
export const REQUEST_RULES: readonly Rule<Record<string, unknown>>[] = [
  {
    name: 'data_missing',
    title: 'Missing Parameter',
    message: 'The parameter data is required.',
    evidence: 'documented',
    brokenBy: ({ data }) => (data === undefined || data === null ? 'data' : undefined),
  },
  {
    name: 'data_not_a_list',
    title: 'Invalid Parameter',
    message: 'Param data must be an array.',
    evidence: 'documented',
    brokenBy: ({ data }) => (Array.isArray(data) ? undefined : 'data'),
  },
  {
    name: 'data_empty',
    title: 'Invalid Parameter',
    message: 'Param data must hold at least one event.',
    evidence: 'documented',
    brokenBy: ({ data }) => (isEmpty(data) ? 'data' : undefined),
  },
  {
    name: 'too_many_events',
    title: 'Too Many Events',
    message: `A request may carry at most ${MAX_EVENTS} events.`,
    evidence: 'documented',
    brokenBy: ({ data }) => (Array.isArray(data) && data.length > MAX_EVENTS ? 'data' : undefined),
  },
  {
    name: 'event_not_an_object',
    title: 'Invalid Parameter',
    message: 'Every element of data must be a JSON object.',
    evidence: 'documented',
    brokenBy: ({ data }) => {
      const index = (data as unknown[]).findIndex((event) => !isObject(event))
      return index < 0 ? undefined : `data[${index}]`
    },
  },
  {
    name: 'request_field_of_wrong_type',
    title: 'Invalid Parameter',
    message: 'The parameter {field} has the wrong type.',
    evidence: 'assumed',
    // Meta's own Node SDK writes every field that it was not given as null.
    brokenBy: (body) => wrongType(REQUEST_FIELDS, withoutNulls(body)),
  },
  {
    name: 'partner_agent_malformed',
    title: 'Invalid Partner Agent',
    message: 'partner_agent must be shorter than 23 characters and have at least two letters.',
    evidence: 'documented',
    brokenBy: ({ partner_agent: agent }) => {
      if (typeof agent !== 'string') return undefined
      return agent.length < 23 && /[A-Za-z].*[A-Za-z]/.test(agent) ? undefined : 'partner_agent'
    },
  },
]

function withoutNulls(body: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null))
}

function isEmpty(data: unknown): boolean {
  return Array.isArray(data) && data.length === 0
}
