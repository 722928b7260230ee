import type { Candidate, Rule } from './rule.js'

/** What a browser's events need beside the rest. @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/using-the-api */
export const WEBSITE_RULES: readonly Rule<Candidate>[] = [
  {
    name: 'website_without_url',
    title: 'Missing Event Source URL',
    message: 'Events with action_source website must carry event_source_url.',
    evidence: 'documented',
    brokenBy: ({ event }) =>
      isWebsite(event) && event['event_source_url'] === undefined ? 'event_source_url' : undefined,
  },
  {
    name: 'website_url_malformed',
    title: 'Invalid Event Source URL',
    message: 'event_source_url must be the full http or https address of the page.',
    evidence: 'assumed',
    brokenBy: ({ event }) =>
      isWebsite(event) && !isWebAddress(event['event_source_url']) ? 'event_source_url' : undefined,
  },
  {
    name: 'website_without_user_agent',
    title: 'Missing Client User Agent',
    message: 'Events with action_source website must carry user_data.client_user_agent.',
    evidence: 'documented',
    brokenBy: ({ event, user }) =>
      isWebsite(event) && !user['client_user_agent'] ? 'user_data.client_user_agent' : undefined,
  },
]

function isWebsite(event: Record<string, unknown>): boolean {
  return event['action_source'] === 'website'
}

function isWebAddress(value: unknown): boolean {
  return typeof value === 'string' && /^https?:\/\//i.test(value) && URL.canParse(value)
}
