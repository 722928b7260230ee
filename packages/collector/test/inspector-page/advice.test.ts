import { describe, expect, it } from 'vitest'
import { adviceFor } from '../../inspector-page/advice.js'
import type { Summary } from '../../src/inspector/api.js'

const KEYS = [
  'em',
  'ph',
  'fbc',
  'fbp',
  'external_id',
  'fn',
  'ln',
  'ct',
  'zp',
  'country',
  'client_ip_address',
  'client_user_agent',
]

/** Events that have every key but those. */
function name(eventName: string, events: number, lacking: Record<string, number> = {}): Summary['names'][number] {
  const keys = Object.fromEntries(KEYS.map((key) => [`key.${key}`, lacking[key] ?? events]))
  return {
    eventName,
    counts: { events, id: lacking['id'] ?? events, delivered: events, 'fresh.minute': events, ...keys },
  }
}

const headlines = (...names: ReturnType<typeof name>[]) => adviceFor(names).map(({ headline }) => headline)

describe('adviceFor()', () => {
  it('has none when everything is there', () => {
    expect(headlines(name('Purchase', 100))).toEqual([])
  })

  it('names the conversion that matters most, with the shares of the others', () => {
    const [advice] = adviceFor([name('Lead', 100, { em: 10 }), name('Purchase', 50, { em: 20 })])

    expect(advice?.headline).toBe('Send the e-mail address with Purchase')
    expect(advice?.why).toMatch(/40.?% of Purchase and 10.?% of Lead/)
    expect(advice?.code).toContain('tracker.identify')
  })

  it('does not ask people who look around for their names', () => {
    expect(headlines(name('PageView', 1_000, { em: 0, ph: 0, external_id: 0 }))).toEqual([])
  })

  it('takes custom events for conversions', () => {
    expect(headlines(name('newsletter_signup', 10, { em: 0 }))).toEqual([
      'Send the e-mail address with newsletter_signup',
    ])
  })

  it('wants all parts of a key that only help together', () => {
    expect(headlines(name('Purchase', 10, { fn: 10, ln: 0 }))).toEqual(['Send the name with Purchase'])
  })

  it('does not mind few ad clicks, but wonders about none at all', () => {
    expect(headlines(name('PageView', 1_000, { fbc: 1 }))).toEqual([])
    expect(headlines(name('PageView', 1_000, { fbc: 0 }))).toEqual(['See whether click ids get lost'])
    expect(headlines(name('PageView', 50, { fbc: 0 }))).toEqual([])
  })

  it('puts event ids before everything else: without them Meta counts twice', () => {
    expect(headlines(name('Purchase', 100, { id: 0, em: 0 }))[0]).toBe('Give Purchase an event id')
  })

  it('says so when events come late', () => {
    const late = name('Purchase', 100)

    expect(headlines({ ...late, counts: { ...late.counts, 'fresh.minute': 0, 'fresh.older': 100 } })).toEqual([
      'Send Purchase sooner',
    ])
  })

  it('draws nothing from a handful of events', () => {
    expect(headlines(name('Purchase', 2, { em: 0, id: 0 }))).toEqual([])
  })
})
