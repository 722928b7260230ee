import { describe, expect, it } from 'vitest'
import { candidate } from '../../src/rules/judge-event.js'
import { WARNINGS, warningsFor } from '../../src/rules/warnings.js'
import { pageView, purchase, sha256 } from '../sample.js'

const user = (user_data: Record<string, unknown>) => purchase({ user_data })

const CASES: [warning: string, event: Record<string, unknown>][] = [
  ['event_id_missing', purchase({ event_id: undefined })],
  ['unknown_event_field', purchase({ mirror: { pixel: 'loaded' } })],
  ['unknown_user_data_field', user({ fbp: 'fb.1.1763999000000.1', email: 'x' })],
  ['hash_of_nothing', user({ em: [sha256('')] })],
  ['hash_of_nothing', user({ external_id: sha256('') })],
  ['hashed_with_md5', user({ em: [sha256('a@b.example').slice(32)] })],
  ['creation_time_not_in_milliseconds', user({ fbp: 'fb.1.1763999000.1' })],
  ['creation_time_not_in_milliseconds', user({ fbc: 'fb.1.1763999000.IwAR' })],
  ['external_id_not_hashed', user({ external_id: 'user1' })],
  ['private_ip_address', user({ client_ip_address: '192.168.1.7' })],
  ['private_ip_address', user({ client_ip_address: '127.0.0.1' })],
  ['private_ip_address', user({ client_ip_address: '100.64.0.1' })],
  ['private_ip_address', user({ client_ip_address: '::1' })],
  ['private_ip_address', user({ client_ip_address: 'fe80::1' })],
  ['private_ip_address', user({ client_ip_address: '::ffff:203.0.113.9' })],
  ['user_agent_hashed', user({ client_user_agent: sha256('Mozilla/5.0') })],
  [
    'processing_place_without_option',
    purchase({ data_processing_options_country: 0, data_processing_options_state: 0 }),
  ],
  ['personal_data_in_plain', purchase({ custom_data: { value: 1, currency: 'EUR', note: 'for ann@shop.example' } })],
  ['personal_data_in_plain', purchase({ event_source_url: 'https://shop.example/?email=ann%40shop.example' })],
]

const sent = (event: Record<string, unknown>) => candidate(JSON.parse(JSON.stringify(event)) as Record<string, unknown>)

describe('warningsFor()', () => {
  it.each(CASES)('notices %s in %j', (warning, event) => {
    expect(warningsFor(sent(event))).toEqual([warning])
  })

  it('has nothing to say about a good event', () => {
    expect(warningsFor(sent(purchase()))).toEqual([])
    expect(warningsFor(sent(pageView({ event_id: 'A' })))).toEqual([])
  })

  it('has a case for every warning', () => {
    const tried = new Set(CASES.map(([warning]) => warning))

    expect(WARNINGS.map(({ name }) => name).filter((name) => !tried.has(name))).toEqual([])
  })
})
