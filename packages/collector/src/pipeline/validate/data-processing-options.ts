import { DATA_PROCESSING_COUNTRIES, DATA_PROCESSING_STATES } from '@pixel-mirror/common'
import type { Draft } from '../draft.js'
import type { Findings } from '../findings.js'
import type { IssueCode } from '../issue-codes.js'
import type { Incoming } from '../prepare.js'

type Limits = Pick<
  Draft,
  'data_processing_options' | 'data_processing_options_country' | 'data_processing_options_state'
>

const COUNTRIES = new Set<number>(Object.values(DATA_PROCESSING_COUNTRIES))
const STATES = new Set<number>(Object.values(DATA_PROCESSING_STATES))

/**
 * Limited Data Use. What cannot be understood makes the event refused: a wish for privacy must not get lost in a repair.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/marketing-api/overview/data-processing-options
 */
export function readDataProcessingOptions(incoming: Incoming, findings: Findings): Limits {
  const options = readOptions(incoming.data_processing_options, findings)
  const country = readNumber(
    incoming.data_processing_options_country,
    COUNTRIES,
    'data_processing_options_country',
    'data_processing_country_unknown',
    findings,
  )
  const state = readNumber(
    incoming.data_processing_options_state,
    STATES,
    'data_processing_options_state',
    'data_processing_state_unknown',
    findings,
  )
  const limited = options !== undefined && options.length > 0
  return {
    data_processing_options: options,
    // Zero lets Meta look the address up; beside no options the two mean nothing.
    data_processing_options_country: limited ? (country ?? 0) : undefined,
    data_processing_options_state: limited ? (state ?? 0) : undefined,
  }
}

function readOptions(value: unknown, findings: Findings): string[] | undefined {
  if (value == null) return undefined
  const options: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (options.every((option) => option === '')) return []
  if (options.every((option) => typeof option === 'string' && option.trim().toUpperCase() === 'LDU')) return ['LDU']
  findings.refuse('data_processing_options_unknown', 'data_processing_options')
  return undefined
}

function readNumber(
  value: unknown,
  known: ReadonlySet<number>,
  path: string,
  code: IssueCode,
  findings: Findings,
): number | undefined {
  if (value == null || value === '') return undefined
  const number = typeof value === 'string' ? Number(value) : value
  if (typeof number === 'number' && known.has(number)) return number
  findings.refuse(code, path)
  return undefined
}
