import type { Findings } from '../findings.js'
import { isBlank } from './texts.js'
import { UNWRITABLE } from './unwritable.js'

/** Meta names no limit; longer ones are a mistake, and each id is kept for 48 hours. */
const MAX_EVENT_ID_LENGTH = 256

/** The id stays letter for letter: Meta compares it with the browser copy's. Numbers are written as the pixel writes them. */
export function readEventId(value: unknown, findings: Findings): string | undefined {
  if (value == null || (typeof value === 'string' && isBlank(value))) return undefined
  if (typeof value === 'number' && Number.isFinite(value)) {
    findings.repair('event_id_number', 'event_id')
    return String(value)
  }
  if (typeof value !== 'string' || UNWRITABLE.test(value)) findings.refuse('event_id_invalid', 'event_id')
  else if (value.length > MAX_EVENT_ID_LENGTH) findings.refuse('event_id_too_long', 'event_id')
  else return value
  return undefined
}
