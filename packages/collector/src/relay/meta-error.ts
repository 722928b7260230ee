import type { MetaError } from './outcome.js'

/** The error envelope of the Graph API, as far as decisions need it. @see https://developers.facebook.com/docs/graph-api/guides/error-handling */
export interface GraphError {
  /** `undefined` when it is no number. */
  code: number | undefined
  subcode: number | undefined
  isTransient: boolean
  /** What may be logged and kept with a dead letter. */
  reason: MetaError
  /** The position in `data` that the error names, if it names one. */
  hint: number | undefined
}

const LONGEST_MESSAGE = 500

/** Reads `body.error`; `undefined` when there is none. */
export function readGraphError(body: Record<string, unknown>): GraphError | undefined {
  const error = body['error']
  if (!isRecord(error)) return undefined

  const code = integer(error['code'])
  const subcode = integer(error['error_subcode'])
  const fbtraceId = text(error['fbtrace_id']) ?? text(body['fbtrace_id'])
  const words = [error['message'], error['error_user_title'], error['error_user_msg']].map(text)
  const said = [...new Set(words.filter((word) => word !== undefined && word !== ''))].join(': ')

  return {
    code,
    subcode,
    isTransient: error['is_transient'] === true,
    reason: {
      ...(code !== undefined && { code }),
      ...(subcode !== undefined && { subcode }),
      message: loggable(said || 'Meta gave no message.'),
      ...(fbtraceId !== undefined && { fbtraceId: fbtraceId.slice(0, 64) }),
    },
    hint: hintedPosition(error),
  }
}

/**
 * Meta's texts repeat what they complain about: "Malformed access token EAAB…", an address that was not hashed.
 * Tokens and e-mail addresses are taken out, and the length is bounded.
 */
export function loggable(message: string): string {
  return message
    .slice(0, 4 * LONGEST_MESSAGE)
    .replaceAll(/EAA[\w-]{8,}/g, '[token]')
    .replaceAll(/[^\s"'<>@]+@[^\s"'<>@]+/g, '[address]')
    .replaceAll(/\s+/g, ' ')
    .slice(0, LONGEST_MESSAGE)
}

/**
 * Which event an error seems to mean. Undocumented and only sometimes there, so it never decides: it is looked at first.
 * Seen as `error_data.event_index`, `error_data.blame_field_specs: [["data", 12, …]]`, and `data[12]` in texts.
 */
function hintedPosition(error: Record<string, unknown>): number | undefined {
  const data = isRecord(error['error_data']) ? error['error_data'] : parse(error['error_data'])
  if (isRecord(data)) {
    const position = integer(data['event_index']) ?? blamedPosition(data['blame_field_specs'])
    if (position !== undefined) return position
  }
  const texts = [error['error_user_msg'], error['message'], error['error_data']].map(text).join(' ')
  const named = /\bdata\[(\d{1,4})\]/.exec(texts)?.[1]
  return named === undefined ? undefined : Number(named)
}

function blamedPosition(specs: unknown): number | undefined {
  const path: unknown = Array.isArray(specs) ? specs[0] : undefined
  if (!Array.isArray(path)) return undefined
  const named = path[0] === 'data' ? integer(path[1]) : undefined
  return named ?? (typeof path[0] === 'string' ? integer(/^data\[(\d{1,4})\]/.exec(path[0])?.[1]) : undefined)
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A whole number, also when it was sent as text. */
export function integer(value: unknown): number | undefined {
  const number = typeof value === 'number' ? value : typeof value === 'string' && value !== '' ? Number(value) : NaN
  return Number.isSafeInteger(number) ? number : undefined
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function parse(value: unknown): unknown {
  try {
    return typeof value === 'string' ? JSON.parse(value) : undefined
  } catch {
    return undefined
  }
}
