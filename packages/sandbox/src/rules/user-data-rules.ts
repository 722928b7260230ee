import { isIP } from 'node:net'
import { wrongType } from './field-type.js'
import { withoutAppendix } from './appendix.js'
import type { Candidate, Rule } from './rule.js'
import { HASHED_FIELDS, USER_DATA_FIELDS, USER_DATA_TYPES } from './user-data-fields.js'

/**
 * An event that knows nothing beyond one of these groups could be anybody, and is refused.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/best-practices
 */
const TOO_BROAD: readonly (readonly string[])[] = [
  ['ct', 'country', 'st', 'zp', 'ge', 'client_user_agent'],
  ['db', 'client_user_agent'],
  ['fn', 'ge'],
  ['ln', 'ge'],
]

/** Who did it. */
export const USER_DATA_RULES: readonly Rule<Candidate>[] = [
  {
    name: 'user_data_field_of_wrong_type',
    title: 'Invalid Parameter',
    message: 'The parameter {field} has the wrong type or is empty.',
    evidence: 'documented',
    brokenBy: ({ user }) => inUserData(wrongType(USER_DATA_TYPES, user)),
  },
  {
    name: 'user_data_not_hashed',
    subcode: 2804016,
    title: 'User Parameter Not Hashed',
    message: 'The parameter {field} must be hashed with SHA-256 (64 lower-case hexadecimal digits).',
    evidence: 'observed',
    brokenBy: ({ user }) => inUserData(HASHED_FIELDS.find((field) => !valuesOf(user[field]).every(isDigest))),
  },
  {
    name: 'lead_id_malformed',
    subcode: 2804036,
    title: 'Invalid Lead ID',
    message: 'lead_id must be the 15 to 16 digits of a lead from Lead Ads.',
    evidence: 'observed',
    brokenBy: ({ user: { lead_id: lead } }) =>
      lead === undefined || /^\d{15,16}$/.test(lead as string) ? undefined : 'user_data.lead_id',
  },
  {
    name: 'ip_address_malformed',
    title: 'Invalid Client IP Address',
    message: 'client_ip_address must be a plain IPv4 or IPv6 address.',
    evidence: 'documented',
    brokenBy: ({ user: { client_ip_address: address } }) =>
      address === undefined || isIP(withoutAppendix(address as string)) !== 0
        ? undefined
        : 'user_data.client_ip_address',
  },
  {
    name: 'fbp_malformed',
    title: 'Invalid fbp',
    message: 'fbp must be fb.<subdomain index>.<creation time in ms>.<random number>, as in the _fbp cookie.',
    evidence: 'assumed',
    brokenBy: ({ user: { fbp } }) =>
      fbp === undefined || /^fb\.\d+\.\d+\.\d{1,20}$/.test(withoutAppendix(fbp as string))
        ? undefined
        : 'user_data.fbp',
  },
  {
    // A click id may hold dots: the pixel hides them in its cookie, and sends them.
    name: 'fbc_malformed',
    title: 'Invalid fbc',
    message: 'fbc must be fb.<subdomain index>.<creation time in ms>.<fbclid>, as in the _fbc cookie.',
    evidence: 'assumed',
    brokenBy: ({ user: { fbc } }) =>
      fbc === undefined || /^fb\.\d+\.\d+\.[A-Za-z0-9_.-]+$/.test(fbc as string) ? undefined : 'user_data.fbc',
  },
  {
    name: 'user_data_too_broad',
    subcode: 2804050,
    title: 'Not Enough Customer Information Parameters',
    message: 'This event has no or too broad customer information parameters to be matched to a person.',
    evidence: 'documented',
    brokenBy: ({ user }) => {
      const known = Object.keys(user).filter((field) => Object.hasOwn(USER_DATA_FIELDS, field))
      return TOO_BROAD.some((group) => known.every((field) => group.includes(field))) ? 'user_data' : undefined
    },
  },
]

function inUserData(field: string | undefined): string | undefined {
  return field && `user_data.${field}`
}

function valuesOf(value: unknown): unknown[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

/** MD5, of old, goes through Meta's own libraries unhashed and is not known to be refused; it is warned about. */
function isDigest(value: unknown): boolean {
  return /^(?:[0-9a-f]{64}|[0-9a-f]{32})$/.test(withoutAppendix(value as string))
}
