import { limits } from '@pixel-mirror/common'
import type { Findings } from '../findings.js'
import { UNWRITABLE } from './unwritable.js'

/** The name stays letter for letter: Meta compares it with the browser copy's. Returns `''` for what is no name. */
export function readEventName(value: unknown, findings: Findings): string {
  if (value == null || value === '') findings.refuse('event_name_missing', 'event_name')
  else if (typeof value !== 'string' || UNWRITABLE.test(value)) findings.refuse('event_name_invalid', 'event_name')
  else if (value.trim() === '') findings.refuse('event_name_missing', 'event_name')
  else if (tooLong(value)) findings.refuse('event_name_too_long', 'event_name')
  else return value
  return ''
}

function tooLong(name: string): boolean {
  return name.length > limits.MAX_EVENT_NAME_LENGTH && [...name].length > limits.MAX_EVENT_NAME_LENGTH
}
