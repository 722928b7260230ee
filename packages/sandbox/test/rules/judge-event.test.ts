import { describe, expect, it } from 'vitest'
import { ALL_EVENT_RULES, judgeEvent } from '../../src/rules/judge-event.js'
import { NOW_MS, NOW_S, pageView, purchase, sha256 } from '../sample.js'

const DAY_S = 86_400
const context = { nowMs: NOW_MS, futureToleranceMs: 60_000 }

/** An event on paper that is right but for what the case changes. */
const user = (changes: Record<string, unknown>) =>
  pageView({ user_data: { client_ip_address: '203.0.113.9', client_user_agent: 'Mozilla/5.0', ...changes } })
const onlyUser = (user_data: Record<string, unknown>) => pageView({ action_source: 'other', user_data })
const custom = (custom_data: Record<string, unknown>) => pageView({ custom_data })
const bought = (custom_data: Record<string, unknown>) => purchase({ custom_data })
const without = (field: string) => Object.fromEntries(Object.entries(pageView()).filter(([name]) => name !== field))
const message = (changes: Record<string, unknown> = {}) =>
  pageView({
    action_source: 'business_messaging',
    event_name: 'LeadSubmitted',
    messaging_channel: 'whatsapp',
    user_data: { whatsapp_business_account_id: '1', ctwa_clid: 'A' },
    ...changes,
  })
const extinfo = ['a2', '', '', '', '14', '', '', '', '', '', '', '', '', '', '', '']
const app = (app_data: unknown) => pageView({ action_source: 'app', app_data, user_data: { madid: 'A-B' } })

/** What is wrong, the smallest event that shows it, and where. */
const BROKEN: [rule: string, event: Record<string, unknown>, path: string][] = [
  ['event_name_missing', without('event_name'), 'event_name'],
  ['event_name_missing', pageView({ event_name: '' }), 'event_name'],
  ['event_name_missing', pageView({ event_name: '  ' }), 'event_name'],
  ['event_name_missing', pageView({ event_name: 7 }), 'event_name'],
  ['event_name_missing', pageView({ event_name: null }), 'event_name'],
  ['event_name_too_long', pageView({ event_name: 'x'.repeat(51) }), 'event_name'],

  ['event_time_missing', without('event_time'), 'event_time'],
  ['event_time_missing', pageView({ event_time: null }), 'event_time'],
  ['event_time_in_milliseconds', pageView({ event_time: NOW_MS - 60_000 }), 'event_time'],
  ['event_time_in_the_future', pageView({ event_time: NOW_S + 61 }), 'event_time'],
  ['event_time_too_old', pageView({ event_time: NOW_S - 7 * DAY_S - 1 }), 'event_time'],
  ['event_time_too_old', pageView({ event_time: 0 }), 'event_time'],
  [
    'event_time_too_old',
    pageView({ event_time: NOW_S - 62 * DAY_S - 1, action_source: 'physical_store' }),
    'event_time',
  ],
  ['event_field_of_wrong_type', pageView({ event_time: String(NOW_S) }), 'event_time'],
  ['event_field_of_wrong_type', pageView({ event_time: NOW_S - 60.5 }), 'event_time'],

  ['action_source_missing', without('action_source'), 'action_source'],
  ['action_source_unknown', pageView({ action_source: 'web' }), 'action_source'],
  ['action_source_unknown', pageView({ action_source: 'Website' }), 'action_source'],
  ['event_field_of_wrong_type', pageView({ action_source: null }), 'action_source'],

  ['customer_segmentation_unknown', pageView({ customer_segmentation: 'new' }), 'customer_segmentation'],
  ['customer_segmentation_unknown', custom({ customer_segmentation: 'new' }), 'custom_data.customer_segmentation'],

  ['event_field_of_wrong_type', pageView({ event_id: 7 }), 'event_id'],
  ['event_field_of_wrong_type', pageView({ event_id: '' }), 'event_id'],
  ['event_field_of_wrong_type', pageView({ opt_out: 'true' }), 'opt_out'],
  ['event_field_of_wrong_type', pageView({ user_data: [] }), 'user_data'],
  ['event_field_of_wrong_type', pageView({ custom_data: '{}' }), 'custom_data'],
  ['event_field_of_wrong_type', pageView({ custom_data: null }), 'custom_data'],
  ['event_field_of_wrong_type', pageView({ referrer_url: '' }), 'referrer_url'],
  ['event_field_of_wrong_type', pageView({ data_processing_options: 'LDU' }), 'data_processing_options'],
  ['event_field_of_wrong_type', pageView({ original_event_data: 'order-1' }), 'original_event_data'],

  ['website_without_url', without('event_source_url'), 'event_source_url'],
  ['website_url_malformed', pageView({ event_source_url: '/thanks' }), 'event_source_url'],
  ['website_url_malformed', pageView({ event_source_url: 'about:blank' }), 'event_source_url'],
  [
    'website_without_user_agent',
    pageView({ user_data: { client_ip_address: '203.0.113.9' } }),
    'user_data.client_user_agent',
  ],
  ['website_without_user_agent', without('user_data'), 'user_data.client_user_agent'],

  ['processing_option_unknown', pageView({ data_processing_options: ['ldu'] }), 'data_processing_options'],
  ['processing_country_unknown', pageView({ data_processing_options_country: 2 }), 'data_processing_options_country'],
  ['processing_state_unknown', pageView({ data_processing_options_state: 1014 }), 'data_processing_options_state'],
  [
    'processing_country_without_state',
    pageView({ data_processing_options_country: 1 }),
    'data_processing_options_state',
  ],

  ['messaging_without_channel', message({ messaging_channel: undefined }), 'messaging_channel'],
  ['messaging_event_not_allowed', message({ event_name: 'PageView' }), 'event_name'],
  ['messaging_without_page', message({ user_data: { ctwa_clid: 'A' } }), 'user_data.page_id'],
  ['app_without_app_data', app(undefined), 'app_data'],
  ['app_without_app_data', app({ extinfo }), 'app_data'],
  [
    'extended_device_info_malformed',
    app({ advertiser_tracking_enabled: 1, extinfo: extinfo.slice(1) }),
    'app_data.extinfo',
  ],
  [
    'extended_device_info_malformed',
    app({ advertiser_tracking_enabled: 1, extinfo: ['', ...extinfo.slice(1)] }),
    'app_data.extinfo',
  ],

  ['user_data_field_of_wrong_type', user({ em: [] }), 'user_data.em'],
  ['user_data_field_of_wrong_type', user({ em: null }), 'user_data.em'],
  ['user_data_field_of_wrong_type', user({ ge: [null] }), 'user_data.ge'],
  ['user_data_field_of_wrong_type', user({ fbp: ['fb.1.1763999000000.1'] }), 'user_data.fbp'],
  ['user_data_field_of_wrong_type', user({ client_ip_address: '' }), 'user_data.client_ip_address'],
  ['user_data_field_of_wrong_type', user({ external_id: [7] }), 'user_data.external_id'],
  ['user_data_not_hashed', user({ em: 'john_smith@gmail.com' }), 'user_data.em'],
  ['user_data_not_hashed', user({ em: [sha256('a@b.example'), 'john_smith@gmail.com'] }), 'user_data.em'],
  ['user_data_not_hashed', user({ em: sha256('a@b.example').toUpperCase() }), 'user_data.em'],
  ['user_data_not_hashed', user({ em: sha256('a@b.example').slice(1) }), 'user_data.em'],
  ...['ph', 'fn', 'ln', 'ge', 'db', 'ct', 'st', 'zp', 'country'].map(
    (field): [string, Record<string, unknown>, string] => [
      'user_data_not_hashed',
      user({ [field]: 'f' }),
      `user_data.${field}`,
    ],
  ),
  ['lead_id_malformed', user({ lead_id: 12345 }), 'user_data.lead_id'],
  ['lead_id_malformed', user({ lead_id: '12345678901234x' }), 'user_data.lead_id'],
  ['ip_address_malformed', user({ client_ip_address: '203.0.113.999' }), 'user_data.client_ip_address'],
  ['ip_address_malformed', user({ client_ip_address: ' 203.0.113.9' }), 'user_data.client_ip_address'],
  ['ip_address_malformed', user({ client_ip_address: '203.0.113.9:443' }), 'user_data.client_ip_address'],
  ['ip_address_malformed', user({ client_ip_address: sha256('203.0.113.9') }), 'user_data.client_ip_address'],
  ['fbp_malformed', user({ fbp: '1234567890' }), 'user_data.fbp'],
  ['fbp_malformed', user({ fbp: 'fb.1.1763999000000.123456789012345678901' }), 'user_data.fbp'],
  ['fbp_malformed', user({ fbp: 'fb.1.1763999000000.abc' }), 'user_data.fbp'],
  ['fbp_malformed', user({ fbp: sha256('fb.1.1763999000000.1') }), 'user_data.fbp'],
  ['fbc_malformed', user({ fbc: 'IwAR2' }), 'user_data.fbc'],
  ['fbc_malformed', user({ fbc: 'fb.1.IwAR2' }), 'user_data.fbc'],
  ['fbc_malformed', user({ fbc: 'fb.1.1763999000000.' }), 'user_data.fbc'],
  ['fbc_malformed', user({ fbc: 'fb.1.1763999000000.Iw%20AR2' }), 'user_data.fbc'],

  ['user_data_too_broad', pageView({ user_data: { client_user_agent: 'Mozilla/5.0' } }), 'user_data'],
  ['user_data_too_broad', onlyUser({}), 'user_data'],
  ['user_data_too_broad', pageView({ action_source: 'other', user_data: undefined }), 'user_data'],
  [
    'user_data_too_broad',
    onlyUser({
      ct: sha256('paris'),
      country: sha256('fr'),
      st: sha256('ca'),
      zp: sha256('1'),
      ge: sha256('f'),
      client_user_agent: 'M',
    }),
    'user_data',
  ],
  ['user_data_too_broad', onlyUser({ db: sha256('19970216'), client_user_agent: 'M' }), 'user_data'],
  ['user_data_too_broad', onlyUser({ fn: sha256('mary'), ge: sha256('f') }), 'user_data'],
  ['user_data_too_broad', onlyUser({ ln: sha256('smith'), ge: sha256('m') }), 'user_data'],
  ['user_data_too_broad', onlyUser({ email: 'nobody knows this field' }), 'user_data'],

  ['purchase_without_value', bought({ currency: 'EUR' }), 'custom_data.value'],
  ['purchase_without_value', bought({ currency: 'EUR', value: null }), 'custom_data.value'],
  ['purchase_without_value', purchase({ custom_data: undefined }), 'custom_data.value'],
  ['purchase_without_currency', bought({ value: 1 }), 'custom_data.currency'],
  ['purchase_without_currency', bought({ value: 1, currency: '' }), 'custom_data.currency'],
  ['custom_data_field_of_wrong_type', bought({ value: '1,50', currency: 'EUR' }), 'custom_data.value'],
  ['custom_data_field_of_wrong_type', bought({ value: true, currency: 'EUR' }), 'custom_data.value'],
  ['custom_data_field_of_wrong_type', custom({ content_ids: 'sku1' }), 'custom_data.content_ids'],
  ['custom_data_field_of_wrong_type', custom({ content_ids: [null] }), 'custom_data.content_ids'],
  ['custom_data_field_of_wrong_type', custom({ contents: '[{"id":"sku1","quantity":1}]' }), 'custom_data.contents'],
  ['custom_data_field_of_wrong_type', custom({ num_items: 1.5 }), 'custom_data.num_items'],
  ['custom_data_field_of_wrong_type', custom({ content_ids: [1.5] }), 'custom_data.content_ids'],
  ['custom_data_field_of_wrong_type', custom({ order_id: ['order-1'] }), 'custom_data.order_id'],
  ['currency_unknown', bought({ value: 1, currency: 'EURO' }), 'custom_data.currency'],
  ['currency_unknown', bought({ value: 1, currency: 'ZZZ' }), 'custom_data.currency'],
  ['currency_unknown', bought({ value: 1, currency: '€' }), 'custom_data.currency'],
  ['currency_unknown', custom({ currency: 'BTC' }), 'custom_data.currency'],
  ['content_malformed', custom({ contents: ['sku1'] }), 'custom_data.contents[0]'],
  ['content_malformed', custom({ contents: [{ id: 'sku1', quantity: 1 }, { id: 'sku2' }] }), 'custom_data.contents[1]'],
  ['content_malformed', custom({ contents: [{ quantity: 1 }] }), 'custom_data.contents[0]'],
  ['content_malformed', custom({ contents: [{ id: 'sku1', quantity: 'one' }] }), 'custom_data.contents[0]'],
  ['delivery_category_unknown', custom({ delivery_category: 'drone' }), 'custom_data.delivery_category'],
  [
    'delivery_category_unknown',
    custom({ contents: [{ id: 'sku1', quantity: 1, delivery_category: 'drone' }] }),
    'custom_data.delivery_category',
  ],
]

/** What Meta takes, however near the edge it is. */
const WELL_FORMED: [what: string, event: Record<string, unknown>][] = [
  ['the least that a page view needs', pageView()],
  ['a purchase with all its data', purchase()],
  ['a custom event with a name of 50 characters', pageView({ event_name: 'x'.repeat(50) })],
  ['a name of 50 characters outside the basic plane', pageView({ event_name: '🛒'.repeat(50) })],
  ['an event of almost seven days ago', pageView({ event_time: NOW_S - 7 * DAY_S })],
  [
    'a store event of almost 62 days ago',
    pageView({ event_time: NOW_S - 62 * DAY_S, action_source: 'physical_store' }),
  ],
  ['an event of now, by a clock that is a little fast', pageView({ event_time: NOW_S + 60 })],
  ['an event that is known by its e-mail address alone', onlyUser({ em: sha256('a@b.example') })],
  ['an event that is known by its browser id alone', onlyUser({ fbp: 'fb.1.1763999000000.1234567890' })],
  ['a first name beside a city', onlyUser({ fn: sha256('mary'), ct: sha256('paris') })],
  ['a plain external_id', onlyUser({ external_id: 'user 1' })],
  ['digests with the parameter builder’s appendix', user({ em: `${sha256('a@b.example')}.AQQCAQMC` })],
  ['an address with an appendix', user({ client_ip_address: '203.0.113.9.AQQAAQMC' })],
  [
    'fbp and fbc with appendices, new and old',
    user({ fbp: 'fb.1.1763999000000.1.AQYCAQMB', fbc: 'fb.2.1763999000000.IwAR.Bg' }),
  ],
  ['a click id with all its signs', user({ fbc: 'fb.1.1763999000000.IwZXh0bgNhZW0CMTEAAR0_aem_a-B_c' })],
  ['a click id with a dot', user({ fbc: 'fb.1.1763999000000.IwAR.x' })],
  ['MD5', user({ em: sha256('a@b.example').slice(32) })],
  ['an IPv4-mapped address', user({ client_ip_address: '::ffff:203.0.113.9' })],
  ['a lead of 16 digits', user({ lead_id: 1234567890123456 })],
  ['a purchase worth nothing', bought({ value: 0, currency: 'EUR' })],
  ['money as text, and a currency in small letters', bought({ value: '142.52', currency: 'usd' })],
  ['a currency that the pixel’s own short list lacks', bought({ value: 1, currency: 'UAH' })],
  ['custom properties, nested', custom({ colour: 'red', sizes: [{ eu: 42 }], nothing: null })],
  [
    'texts for people that are empty, or are lists',
    custom({ content_name: '', content_category: ['Home'], content_type: '' }),
  ],
  [
    'a buyer who is new to a line of the business',
    pageView({ customer_segmentation: 'new_customer_to_business_line' }),
  ],
  ['a buyer who belongs to a loyalty programme', custom({ customer_segmentation: 'customer_in_loyalty_program' })],
  ['content ids as numbers', custom({ content_ids: [1, 'sku2'] })],
  [
    'Limited Data Use, located by Meta',
    pageView({
      data_processing_options: ['LDU'],
      data_processing_options_country: 0,
      data_processing_options_state: 0,
    }),
  ],
  [
    'Limited Data Use in Rhode Island',
    pageView({
      data_processing_options: ['LDU'],
      data_processing_options_country: 1,
      data_processing_options_state: 1013,
    }),
  ],
  ['no data processing options', pageView({ data_processing_options: [] })],
  ['a message to a business', message()],
  ['an app’s event', app({ advertiser_tracking_enabled: 0, extinfo })],
  [
    'a phone call without a page',
    pageView({ action_source: 'phone_call', event_source_url: undefined, user_data: { ph: sha256('16505551212') } }),
  ],
]

/** As it looks after its way through JSON: without what is `undefined`. */
const sent = (event: Record<string, unknown>) => JSON.parse(JSON.stringify(event)) as Record<string, unknown>

describe('judgeEvent()', () => {
  it.each(BROKEN)('finds %s in %j', (rule, event, path) => {
    const broken = judgeEvent(sent(event), context)

    expect(broken && { rule: broken.rule.name, path: broken.path }).toEqual({ rule, path })
  })

  it.each(WELL_FORMED)('lets pass %s', (_, event) => {
    expect(judgeEvent(sent(event), context)).toBeUndefined()
  })

  it('has a case for every rule', () => {
    const tried = new Set(BROKEN.map(([rule]) => rule))

    expect(ALL_EVENT_RULES.map(({ name }) => name).filter((name) => !tried.has(name))).toEqual([])
  })

  it('knows the subcodes that Meta was seen to answer', () => {
    const subcodes = Object.fromEntries(
      ALL_EVENT_RULES.filter(({ subcode }) => subcode !== undefined).map(({ name, subcode }) => [name, subcode]),
    )

    expect(subcodes).toEqual({
      event_time_too_old: 2804003,
      purchase_without_value: 2804009,
      purchase_without_currency: 2804010,
      user_data_not_hashed: 2804016,
      lead_id_malformed: 2804036,
      user_data_too_broad: 2804050,
      messaging_event_not_allowed: 2804066,
      messaging_without_page: 2804116,
    })
  })
})
