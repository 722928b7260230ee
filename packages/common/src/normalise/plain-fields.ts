/** The fields of `user_data` that Meta wants as they are: checked, never hashed. */
import { isBrowserId } from '../browser-id.js'
import { isClickId } from '../click-id.js'
import { publicIpAddress } from '../ip-address.js'
import { isAppendix } from '../appendix.js'

/** `client_ip_address`: a public address; Meta's own libraries may have put an appendix behind it. */
export function normaliseIpAddress(value: string): string | undefined {
  const lastDot = value.lastIndexOf('.')
  return publicIpAddress(lastDot > 0 && isAppendix(value.slice(lastDot + 1)) ? value.slice(0, lastDot) : value)
}

/** `client_user_agent`: one line. */
export function normaliseUserAgent(value: string): string | undefined {
  return value.replace(CONTROL, ' ').trim().slice(0, MAX_USER_AGENT_LENGTH) || undefined
}

const CONTROL = /\p{Cc}+/gu

/** Longer than any real one; what follows says nothing. */
const MAX_USER_AGENT_LENGTH = 1_000

/** `fbc`: byte for byte, or Meta calls it a modified click id. */
export function normaliseClickId(value: string): string | undefined {
  return isClickId(value) ? value : undefined
}

/** `fbp`: byte for byte. */
export function normaliseBrowserId(value: string): string | undefined {
  return isBrowserId(value) ? value : undefined
}

/** `lead_id`: the 15 or 16 digits of a Lead Ad; a wrong one makes Meta refuse the whole request. */
export function normaliseLeadId(value: string): string | undefined {
  return LEAD_ID.test(value) ? value : undefined
}

const LEAD_ID = /^\d{15,16}$/

/** `fb_login_id`: digits. */
export function normaliseLoginId(value: string): string | undefined {
  return DIGITS.test(value) ? value : undefined
}

const DIGITS = /^\d{1,20}$/

/** The other ids: one word of letters, digits and what stands between them. An e-mail address is none. */
export function normaliseId(value: string): string | undefined {
  const id = value.trim()
  return ID.test(id) ? id : undefined
}

const ID = /^[A-Za-z0-9_.:|~=/-]{1,300}$/
