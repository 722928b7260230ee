import type { Cause } from './classify.js'

/** A cause of trouble on the way to Meta, or of an event's death. */
export type Trouble =
  | Cause
  | 'usage_high'
  | 'token_changed'
  | 'pixel_not_configured'
  | 'refuses_everything'
  | 'bisect_budget'
  | 'queue'
  | 'clock_wrong'
  | 'refused_by_meta'
  | 'ambiguous_too_long'
  | 'not_received'
  | 'always_fails'
  | 'corrupt'

/** What to do about each cause, in one sentence: read by the inspector, the command line and the alarms. */
export const REMEDIES: Record<Trouble, string> = {
  unreachable: 'Check name resolution, firewall and proxy for the Graph API; events wait meanwhile.',
  certificate:
    'Check the clock and the trusted certificates of this machine, and whether a proxy replaces certificates.',
  timeout: 'Nothing to do if it passes; if not, check the uplink: a full batch is about a megabyte.',
  connection_lost: 'Nothing to do if it passes; if not, look for a proxy or firewall that cuts connections.',
  too_long: 'Something other than the Graph API answers: check META_GRAPH_URL and proxies.',
  aborted: 'The collector was stopping; the events are sent after the next start.',
  server_error: 'Nothing to do: Meta or a server before it has trouble, and events wait.',
  unreadable_answer: 'Nothing to do if it passes; if not, check META_GRAPH_URL and proxies.',
  not_meta: 'Something other than the Graph API answers: check META_GRAPH_URL and proxies.',
  meta_unavailable: 'Nothing to do: Meta is temporarily unavailable (metastatus.com), and events wait.',
  throttled:
    'Nothing to do: Meta asked to slow down, and events wait; if it lasts, look for other users of the same app.',
  usage_high: 'Nothing to do: requests are spread out because the rate limit is nearly used up.',
  blocked: 'Meta has blocked this app or account for a policy: open Account Quality in the Business Manager.',
  too_large: 'Nothing to do: batches become smaller by themselves; a single event this large cannot be sent.',
  invalid_event: 'Mend what sends the event (the message names the field), then replay the dead letter.',
  too_old: 'Too late for Meta, which takes events of the last 7 days (62 in physical stores); find out why it waited.',
  not_all_received: 'Meta counted fewer events than were sent; the parts are sent again to find out which.',
  unknown_refusal: 'Look the code up in the Graph API error reference; the events are tried three times alone.',
  token_invalid:
    'Make a new access token (Events Manager, Settings, Conversions API) and set META_ACCESS_TOKEN or its file.',
  no_permission: 'Assign the pixel to the system user whose token is used, with permission to manage it.',
  wrong_pixel: "Check the pixel's id, and that the access token belongs to it (Events Manager, Settings).",
  app_secret: "The app's secret does not fit the access token: correct appSecret, or remove it.",
  api_version: 'Meta no longer serves this version of the Graph API: raise META_API_VERSION.',
  token_changed: 'Nothing to do: the access token was exchanged while a request was under way.',
  pixel_not_configured: 'Events wait for a pixel that the settings do not name (any more): add it again.',
  refuses_everything: 'Meta refuses every event with a code nobody knows: look it up in the Graph API error reference.',
  bisect_budget: 'Many events are refused: see the dead letters, and mend what sends them.',
  clock_wrong: 'Let the machine keep its time by NTP: timedatectl set-ntp true, or install chrony.',
  queue: "The queue's storage has trouble: see its own messages.",
  refused_by_meta: 'Mend what sends the event (the message names the field), then replay the dead letter.',
  ambiguous_too_long: 'Compare with the Events Manager; replay the dead letter if the event is missing there.',
  not_received: 'Meta answered with success but did not count the event; replay the dead letter to try again.',
  always_fails: 'Meta fails on this event alone: look for what is unusual in it, and report it with its fbtrace_id.',
  corrupt: 'The stored event cannot be read: check the disk.',
}

/** Where Meta's subcode says more. @see https://developers.facebook.com/documentation/ads-commerce/marketing-api/error-reference */
const SUBCODE_REMEDIES: Record<number, string> = {
  458: 'The app was removed from the account: connect it again and make a new access token.',
  459: 'The owner of the access token must log in to Facebook and pass a check; it works again by itself then.',
  460: "The owner's password changed: make a new access token.",
  463: 'The access token has expired: make a new one (a system user has tokens that do not expire).',
  467: 'The access token was invalidated: make a new one.',
  2_804_003: 'The event was older than 7 days when it reached Meta; find out why it waited, and check the clock.',
  2_804_009: 'A Purchase needs a value.',
  2_804_010: 'A Purchase needs a currency (ISO 4217, three letters).',
  2_804_016: 'A personal field was not hashed.',
  2_804_050:
    'The event has too little about its visitor: send e-mail, phone, fbp, external_id, or address and user agent.',
}

/** What a person should do about a cause, in one sentence. */
export function remedyFor(trouble: { cause: string; subcode?: number }): string {
  const bySubcode = trouble.subcode === undefined ? undefined : SUBCODE_REMEDIES[trouble.subcode]
  if (bySubcode !== undefined) return bySubcode
  return Object.hasOwn(REMEDIES, trouble.cause)
    ? REMEDIES[trouble.cause as Trouble]
    : 'Look the code up in the Graph API error reference.'
}
