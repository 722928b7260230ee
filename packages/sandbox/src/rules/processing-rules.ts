import type { Candidate, Rule } from './rule.js'

/** California is 1000, …, Rhode Island 1013; 0 asks Meta to find out by itself. */
const STATES = new Set([0, ...Array.from({ length: 14 }, (_, index) => 1000 + index)])
/** 1 is the United States; 0 as above. */
const COUNTRIES = new Set([0, 1])

/**
 * Limited Data Use.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/marketing-api/overview/data-processing-options
 */
export const PROCESSING_RULES: readonly Rule<Candidate>[] = [
  {
    name: 'processing_option_unknown',
    title: 'Invalid Data Processing Options',
    message: 'data_processing_options must be ["LDU"] or an empty list.',
    evidence: 'documented',
    brokenBy: ({ event: { data_processing_options: options } }) =>
      Array.isArray(options) && options.some((option) => option !== 'LDU') ? 'data_processing_options' : undefined,
  },
  {
    name: 'processing_country_unknown',
    title: 'Invalid Data Processing Country',
    message: 'data_processing_options_country must be 1 (United States) or 0.',
    evidence: 'documented',
    brokenBy: ({ event: { data_processing_options_country: country } }) =>
      country !== undefined && !COUNTRIES.has(country as number) ? 'data_processing_options_country' : undefined,
  },
  {
    name: 'processing_state_unknown',
    title: 'Invalid Data Processing State',
    message: 'data_processing_options_state must be 1000 to 1013, or 0.',
    evidence: 'documented',
    brokenBy: ({ event: { data_processing_options_state: state } }) =>
      state !== undefined && !STATES.has(state as number) ? 'data_processing_options_state' : undefined,
  },
  {
    name: 'processing_country_without_state',
    title: 'Missing Data Processing State',
    message: 'data_processing_options_country needs data_processing_options_state beside it.',
    evidence: 'documented',
    brokenBy: ({ event }) =>
      event['data_processing_options_country'] !== undefined && event['data_processing_options_state'] === undefined
        ? 'data_processing_options_state'
        : undefined,
  },
]
