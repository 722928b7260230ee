import { userDataField } from '@pixel-mirror/common'

/**
 * Makes an event fit to be shown and kept: what could tell a person is hashed, masked or cut before it is anywhere near the page.
 *
 * The queue's JSON is hashed where Meta wants hashes; addresses, cookies and ids are plain in it because Meta wants them
 * plain. Here they are cut. Values of URL parameters and anything that looks like an e-mail address go too.
 */

type Show = (value: unknown) => unknown

const hash: Show = (value) =>
  typeof value === 'string' && /^[0-9a-f]{64}/.test(value) ? `sha256:${value.slice(0, 8)}…` : '[hidden]'
const mask: Show = (value) => (typeof value === 'string' ? masked(value) : '[hidden]')
const asIs: Show = (value) => value

/** Keys of `user_data` that are shown in a way of their own. The others are hashed, as the table of fields says, or masked. */
const SHOWN = new Map<string, Show>([
  ['external_id', (value) => (typeof value === 'string' && /^[0-9a-f]{64}/.test(value) ? hash(value) : mask(value))],
  ['client_ip_address', (value) => (typeof value === 'string' ? truncateAddress(value) : '[hidden]')],
  ['client_user_agent', asIs],
  ['page_id', asIs],
])

const URL_FIELDS = new Set(['event_source_url', 'referrer_url'])

/** @param json an event as it lies in the queue */
export function redactEvent(json: string): unknown {
  try {
    return redactObject(JSON.parse(json) as unknown)
  } catch {
    // Only a damaged queue holds such a text; there is nothing of it that is safe to show.
    return '[not readable]'
  }
}

/** A name or id as it may be shown: somebody's e-mail address is no id, but some sites use it as one. */
export const redactWord = (text: string): string => (mayHoldEmail(text) ? withoutEmails(text) : text)

/** Cheap enough to ask of every event. */
export const mayHoldEmail = (text: string): boolean => text.includes('@') || text.includes('%40')

/** `203.0.113.9` → `203.0.113.x`, `2001:db8:1:2::9` → `2001:db8:1::x`: the network, not the visitor. */
export function truncateAddress(address: string): string {
  if (!address.includes(':')) return address.replace(/\.\d+$/, '.x')
  const [front = '', back] = address.split('::')
  const groups = front === '' ? [] : front.split(':')
  const tail = back ? back.split(':') : []
  const all =
    back === undefined
      ? groups
      : [...groups, ...Array<string>(Math.max(0, 8 - groups.length - tail.length)).fill('0'), ...tail]
  return `${all.slice(0, 3).join(':')}::x`
}

/** Path and names of parameters, never their values. */
export function redactUrl(url: string): string {
  const parts = /^([a-z][a-z0-9+.-]*:\/\/[^/?#]*|)([^?#]*)(?:\?([^#]*))?/i.exec(url)
  if (!parts) return '[hidden]'
  const [, origin = '', path = '', query] = parts
  const names = query?.split('&').map((pair) => `${pair.split('=')[0] ?? ''}=…`)
  return withoutEmails(`${origin.replace(/\/\/[^@]*@/, '//')}${path}${names ? `?${names.join('&')}` : ''}`)
}

function redactObject(event: unknown): unknown {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return '[not readable]'
  return Object.fromEntries(
    Object.entries(event).map(([field, value]) => {
      if (field === 'user_data') return [field, redactUserData(value)]
      if (URL_FIELDS.has(field)) return [field, typeof value === 'string' ? redactUrl(value) : '[hidden]']
      return [field, redactText(value)]
    }),
  )
}

function redactUserData(userData: unknown): unknown {
  if (typeof userData !== 'object' || userData === null) return '[hidden]'
  return Object.fromEntries(
    Object.entries(userData).map(([key, value]) => {
      const show = SHOWN.get(key) ?? (userDataField(key)?.field.hashed ? hash : mask)
      return [key, Array.isArray(value) ? value.map(show) : show(value)]
    }),
  )
}

/** Any depth of free values: texts lose what looks like an e-mail address and the query of what looks like a URL. */
function redactText(value: unknown): unknown {
  if (typeof value === 'string') return /^https?:\/\//i.test(value) ? redactUrl(value) : withoutEmails(value)
  if (Array.isArray(value)) return value.map(redactText)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, redactText(inner)]))
  }
  return value
}

/** Word by word, and each word once: a pattern for whole addresses takes minutes over a hostile text of a few thousand characters. */
function withoutEmails(text: string): string {
  return text.replace(/[^\s/?&=:;,<>"']+/g, (word) => (looksLikeEmail(word) ? '[e-mail]' : word))
}

function looksLikeEmail(word: string): boolean {
  const at = word.slice(1).search(/@|%40/)
  if (at === -1) return false
  const dot = word.lastIndexOf('.', word.length - 2)
  return dot > at + 2
}

/** Enough to tell two apart, not enough to be one. */
function masked(value: string): string {
  const parts = /^(fb\.\d\.\d+\.)(.+)$/.exec(value)
  const [start, secret] = parts ? [parts[1], parts[2] ?? ''] : ['', value]
  return secret.length > 8 ? `${start}…${secret.slice(-4)}` : `${start}…`
}
