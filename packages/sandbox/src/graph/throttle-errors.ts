import type { GraphError } from './graph-error.js'

/**
 * What Meta says when there were too many calls.
 *
 * @see https://developers.facebook.com/docs/graph-api/overview/rate-limiting
 */
const MESSAGES: Readonly<Record<number, { message: string; subcode?: number }>> = {
  4: { message: '(#4) Application request limit reached' },
  17: { message: '(#17) User request limit reached', subcode: 2446079 },
  32: { message: '(#32) Page request limit reached' },
  341: { message: '(#341) Application limit reached' },
  613: { message: '(#613) Calls to this api have exceeded the rate limit.', subcode: 1487742 },
}

export function throttleError(code: number): GraphError {
  const known = MESSAGES[code] ?? {
    message: `(#${code}) There have been too many calls from this business use case. Wait a bit and try again.`,
  }
  return { status: 400, code, type: 'OAuthException', ...known }
}
