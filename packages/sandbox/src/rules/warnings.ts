import { createHash } from 'node:crypto'
import { BlockList, isIP } from 'node:net'
import { EVENT_FIELDS } from './event-rules.js'
import type { Candidate } from './rule.js'
import { HASHED_FIELDS, USER_DATA_FIELDS } from './user-data-fields.js'

/** What Meta takes without a word and makes little of; Events Manager complains about some of it, days later. */
export interface Warning {
  name: string
  message: string
  appliesTo: (candidate: Candidate) => boolean
}

const HASH_OF_NOTHING = createHash('sha256').digest('hex')
/** Bounded to the left, or a long text without an @ would take for ever. */
const EMAIL = /[\w.+-]{1,64}(?:@|%40)[\w-]{1,63}\.\w/i

export const WARNINGS: readonly Warning[] = [
  {
    name: 'event_id_missing',
    message: 'Without event_id the browser copy of this event cannot be recognised.',
    appliesTo: ({ event }) => event['event_id'] === undefined,
  },
  {
    name: 'unknown_event_field',
    message: 'The event has a field that the Conversions API does not know.',
    appliesTo: ({ event }) => Object.keys(event).some((field) => !Object.hasOwn(EVENT_FIELDS, field)),
  },
  {
    name: 'unknown_user_data_field',
    message: 'user_data has a field that the Conversions API does not know.',
    appliesTo: ({ user }) => Object.keys(user).some((field) => !Object.hasOwn(USER_DATA_FIELDS, field)),
  },
  {
    name: 'hash_of_nothing',
    message: 'A hashed parameter is the digest of an empty text.',
    appliesTo: ({ user }) =>
      [...HASHED_FIELDS, 'external_id'].some((field) => [user[field]].flat().includes(HASH_OF_NOTHING)),
  },
  {
    name: 'hashed_with_md5',
    message: 'A parameter is an MD5 digest. Meta asks for SHA-256.',
    appliesTo: ({ user }) => HASHED_FIELDS.some((field) => [user[field]].flat().some(isMd5)),
  },
  {
    name: 'creation_time_not_in_milliseconds',
    message: 'fbp or fbc says a time of creation that is not in milliseconds.',
    appliesTo: ({ user: { fbp, fbc } }) =>
      [fbp, fbc].some((id) => typeof id === 'string' && !/^fb\.\d+\.\d{13}\./.test(id)),
  },
  {
    name: 'external_id_not_hashed',
    message: 'external_id is plain: the pixel sends its SHA-256, and the two will not match.',
    appliesTo: ({ user }) =>
      [user['external_id']].flat().some((id) => typeof id === 'string' && !/^[0-9a-f]{64}/.test(id)),
  },
  {
    name: 'private_ip_address',
    message: 'client_ip_address is not an address of the public internet.',
    appliesTo: ({ user }) => isPrivate(user['client_ip_address']),
  },
  {
    name: 'user_agent_hashed',
    message: 'client_user_agent must never be hashed.',
    appliesTo: ({ user }) => /^[0-9a-f]{64}$/.test(user['client_user_agent'] as string),
  },
  {
    name: 'processing_place_without_option',
    message: 'A country or state for data processing means nothing without data_processing_options.',
    appliesTo: ({ event }) =>
      event['data_processing_options'] === undefined && event['data_processing_options_country'] !== undefined,
  },
  {
    name: 'personal_data_in_plain',
    message: 'custom_data or an address of a page seems to contain an e-mail address.',
    appliesTo: ({ event, custom }) =>
      [event['event_source_url'], event['referrer_url'], JSON.stringify(custom)].some(seemsToHoldAnEmail),
  },
]

function isMd5(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9a-f]{32}$/.test(value)
}

function seemsToHoldAnEmail(text: unknown): boolean {
  return typeof text === 'string' && /@|%40/.test(text) && EMAIL.test(text)
}

/** The names of the warnings that apply. */
export function warningsFor(candidate: Candidate): string[] {
  return WARNINGS.filter(({ appliesTo }) => appliesTo(candidate)).map(({ name }) => name)
}

const NOT_PUBLIC = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  NOT_PUBLIC.addSubnet(network, prefix, 'ipv4')
}
NOT_PUBLIC.addAddress('::', 'ipv6')
NOT_PUBLIC.addAddress('::1', 'ipv6')
NOT_PUBLIC.addSubnet('fc00::', 7, 'ipv6')
NOT_PUBLIC.addSubnet('fe80::', 10, 'ipv6')

function isPrivate(address: unknown): boolean {
  if (typeof address !== 'string') return false
  const family = isIP(address)
  // An IPv4 address in IPv6's clothes, as Node's sockets tell it: nobody meant to send that.
  if (family === 6 && /^::ffff:/i.test(address)) return true
  return family !== 0 && NOT_PUBLIC.check(address, family === 4 ? 'ipv4' : 'ipv6')
}
