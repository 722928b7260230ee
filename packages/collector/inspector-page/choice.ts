import type { RangeName } from '../src/inspector/range.js'

/** What the reader looks at. It lives in the address, so that it can be kept and passed on. */
export interface Choice {
  view: ViewName
  range: RangeName
  pixel: string
  /** Only this event name, in the Value view. */
  name: string
}

export const VIEWS = ['flow', 'value', 'quality', 'health'] as const
export type ViewName = (typeof VIEWS)[number]

export const RANGE_WORDS: Record<RangeName, { short: string; long: string }> = {
  '15m': { short: '15 min', long: 'the last 15 minutes' },
  '1h': { short: '1 hour', long: 'the last hour' },
  '24h': { short: '24 hours', long: 'the last 24 hours' },
  '7d': { short: '7 days', long: 'the last 7 days' },
  '30d': { short: '30 days', long: 'the last 30 days' },
  '90d': { short: '90 days', long: 'the last 90 days' },
}

/** What is left out, of bots for example, was not for Meta. */
export const nothingIn = ({ range }: Choice): string => `No event for Meta was received in ${RANGE_WORDS[range].long}`

/** `#/value?range=24h&pixel=1` */
export function readChoice(hash: string): Choice {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?')
  const parameters = new URLSearchParams(query)
  const range = parameters.get('range') ?? ''
  return {
    view: VIEWS.find((view) => view === path) ?? 'flow',
    range: Object.hasOwn(RANGE_WORDS, range) ? (range as RangeName) : '24h',
    pixel: parameters.get('pixel') ?? '',
    name: parameters.get('name') ?? '',
  }
}

export function writeChoice({ view, range, pixel, name }: Choice): string {
  const parameters = new URLSearchParams()
  if (range !== '24h') parameters.set('range', range)
  if (pixel) parameters.set('pixel', pixel)
  if (name) parameters.set('name', name)
  const query = parameters.toString()
  return `#/${view}${query ? `?${query}` : ''}`
}
