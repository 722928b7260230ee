import { randomBytes } from 'node:crypto'
import { messageOf, type BrokenRule } from '../rules/rule.js'

/**
 * An error as the Graph API words it, with the HTTP status it comes under.
 *
 * @see https://developers.facebook.com/docs/graph-api/guides/error-handling
 */
export interface GraphError {
  status: number
  code: number
  subcode?: number
  /** `OAuthException` for nearly everything, whether or not it has to do with OAuth. */
  type: string
  message: string
  userTitle?: string
  userMessage?: string
  transient?: boolean
}

/** The errors that are not about an event. */
export const GRAPH_ERRORS = {
  badToken: {
    status: 401,
    code: 190,
    type: 'OAuthException',
    message: 'Invalid OAuth access token - Cannot parse access token',
  },
  expiredToken: {
    status: 401,
    code: 190,
    subcode: 463,
    type: 'OAuthException',
    message: 'Error validating access token: Session has expired.',
  },
  badSignature: {
    status: 400,
    code: 104,
    type: 'OAuthException',
    message: 'Invalid appsecret_proof provided in the API argument',
  },
  noPermission: {
    status: 403,
    code: 200,
    type: 'OAuthException',
    message: '(#200) Permissions error',
  },
  noCapability: {
    status: 403,
    code: 10,
    type: 'OAuthException',
    message: '(#10) Application does not have permission for this action',
  },
  malformedId: {
    status: 404,
    code: 803,
    type: 'OAuthException',
    message: '(#803) Some of the aliases you requested do not exist',
  },
  unknownPath: {
    status: 400,
    code: 2500,
    type: 'OAuthException',
    message: 'Unknown path components',
  },
  deprecatedVersion: {
    status: 400,
    code: 2635,
    type: 'OAuthException',
    message: '(#2635) You are calling a deprecated version of the Ads API. Please update to the latest version.',
  },
  bodyNotRead: {
    status: 400,
    code: 100,
    type: 'OAuthException',
    message: '(#100) The body of the request could not be read as JSON or form data.',
  },
  bodyTooLarge: {
    status: 413,
    code: 1,
    type: 'OAuthException',
    message: 'The request is too large.',
  },
} as const satisfies Record<string, GraphError>

/** The pixel does not exist, or the token may not see it: Meta does not tell the two apart. */
export function objectMissing(method: string, id: string): GraphError {
  return {
    status: 400,
    code: 100,
    subcode: 33,
    type: 'GraphMethodException',
    message:
      `Unsupported ${method.toLowerCase()} request. Object with ID '${id}' does not exist, cannot be loaded due to ` +
      'missing permissions, or does not support this operation.',
  }
}

/** The answer to a request that breaks a rule. Like Meta's, it does not say which of the events it was. */
export function ruleError(broken: BrokenRule): GraphError {
  const { rule } = broken
  const message = messageOf(broken)
  return {
    status: 400,
    code: 100,
    type: 'OAuthException',
    message: rule.subcode === undefined ? `(#100) ${message}` : 'Invalid parameter',
    ...(rule.subcode !== undefined && { subcode: rule.subcode }),
    userTitle: rule.title,
    userMessage: message,
    transient: false,
  }
}

/** The answer to a batch with an event that is bad because somebody said so. */
export function poisonError(subcode = 2804001): GraphError {
  return {
    status: 400,
    code: 100,
    subcode,
    type: 'OAuthException',
    message: 'Invalid parameter',
    userTitle: 'Invalid Event',
    userMessage: 'An event of this request is invalid.',
    transient: false,
  }
}

/** The body of the answer. */
export function envelope(error: GraphError, fbtraceId: string): { error: Record<string, unknown> } {
  return {
    error: {
      message: error.message,
      type: error.type,
      code: error.code,
      ...(error.subcode !== undefined && { error_subcode: error.subcode }),
      ...(error.transient !== undefined && { is_transient: error.transient }),
      ...(error.userTitle !== undefined && { error_user_title: error.userTitle }),
      ...(error.userMessage !== undefined && { error_user_msg: error.userMessage }),
      fbtrace_id: fbtraceId,
    },
  }
}

/** Looks like Meta's own: a capital A and 22 characters. */
export function fbtraceId(): string {
  return `A${randomBytes(17).toString('base64url').slice(0, 22)}`
}
