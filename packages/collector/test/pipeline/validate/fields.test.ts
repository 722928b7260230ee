import { describe, expect, it } from 'vitest'
import { Findings } from '../../../src/pipeline/findings.js'
import { readActionSource } from '../../../src/pipeline/validate/action-source.js'
import { readDataProcessingOptions } from '../../../src/pipeline/validate/data-processing-options.js'
import { readEventId } from '../../../src/pipeline/validate/event-id.js'
import { readEventName } from '../../../src/pipeline/validate/event-name.js'
import { readMirror } from '../../../src/pipeline/validate/mirror.js'
import { readPageUrl, readReferrerUrl } from '../../../src/pipeline/validate/page-url.js'
import { readRareFields } from '../../../src/pipeline/validate/rare-fields.js'
import { fromBrowser, fromServer } from '../fixtures.js'

function found<Value>(read: (findings: Findings) => Value) {
  const findings = new Findings()
  const value = read(findings)
  return { value, repairs: findings.repairs.map(({ code }) => code), issues: findings.issues.map(({ code }) => code) }
}

describe('the name of an event', () => {
  it.each(['Purchase', 'My own event', 'x'.repeat(50), '🎉'.repeat(50), ' Lead '])(
    '%j stays letter for letter',
    (name) => {
      expect(found((findings) => readEventName(name, findings))).toEqual({ value: name, repairs: [], issues: [] })
    },
  )

  it.each([
    [undefined, 'event_name_missing'],
    [null, 'event_name_missing'],
    ['', 'event_name_missing'],
    ['   ', 'event_name_missing'],
    [42, 'event_name_invalid'],
    [{}, 'event_name_invalid'],
    ['Pur\nchase', 'event_name_invalid'],
    ['Pur\u0000chase', 'event_name_invalid'],
    ['x'.repeat(51), 'event_name_too_long'],
    ['🎉'.repeat(51), 'event_name_too_long'],
  ])('%j is refused as %s', (name, code) => {
    expect(found((findings) => readEventName(name, findings))).toEqual({ value: '', repairs: [], issues: [code] })
  })
})

describe('the id of an event', () => {
  it.each(['order-1', ' aB ', 'x'.repeat(256)])('%j stays letter for letter', (id) => {
    expect(found((findings) => readEventId(id, findings))).toEqual({ value: id, repairs: [], issues: [] })
  })

  it.each([
    [123, '123'],
    [1.5, '1.5'],
    [0, '0'],
  ])('%d is written as the pixel writes it', (id, written) => {
    expect(found((findings) => readEventId(id, findings))).toEqual({
      value: written,
      repairs: ['event_id_number'],
      issues: [],
    })
  })

  it.each([undefined, null, ''])('%j is none', (id) => {
    expect(found((findings) => readEventId(id, findings))).toEqual({ value: undefined, repairs: [], issues: [] })
  })

  it.each([
    [true, 'event_id_invalid'],
    [{}, 'event_id_invalid'],
    [NaN, 'event_id_invalid'],
    ['x'.repeat(257), 'event_id_too_long'],
  ])('%j is refused as %s', (id, code) => {
    expect(found((findings) => readEventId(id, findings)).issues).toEqual([code])
  })
})

describe('where an event happened', () => {
  it.each([undefined, 'website', 'physical_store', 42])('is a website for a browser that says %j', (action_source) => {
    const { value, repairs } = found((findings) => readActionSource({ action_source }, fromBrowser(), findings))

    expect(value).toBe('website')
    expect(repairs).toEqual(
      action_source === undefined || action_source === 'website' ? [] : ['action_source_overridden'],
    )
  })

  it.each(['website', 'app', 'email', 'phone_call', 'chat', 'physical_store', 'system_generated', 'other'])(
    'is believed of a server: %s',
    (action_source) => {
      expect(found((findings) => readActionSource({ action_source }, fromServer(), findings))).toEqual({
        value: action_source,
        repairs: [],
        issues: [],
      })
    },
  )

  it('is written in lower case', () => {
    expect(found((findings) => readActionSource({ action_source: 'Website ' }, fromServer(), findings))).toEqual({
      value: 'website',
      repairs: ['action_source_lower_case'],
      issues: [],
    })
  })

  it('is a website where a server names a page and nothing else', () => {
    const event = { event_source_url: 'https://shop.example/' }

    expect(found((findings) => readActionSource(event, fromServer(), findings))).toMatchObject({
      value: 'website',
      repairs: ['action_source_missing'],
    })
  })

  it.each([
    [undefined, 'action_source_missing'],
    ['web', 'action_source_unknown'],
    [1, 'action_source_unknown'],
  ])('of a server must not be %j', (action_source, code) => {
    expect(found((findings) => readActionSource({ action_source }, fromServer(), findings)).issues).toEqual([code])
  })
})

describe('the address of a page', () => {
  it.each([
    'https://shop.example/',
    'http://localhost:3000/a?b=c#d',
    'https://müller.example/straße?q=ä',
    'HTTPS://SHOP.EXAMPLE/',
    'https://shop.example/?fbclid=AbC-_1&x=%20',
  ])('%s stays byte for byte', (url) => {
    expect(found((findings) => readPageUrl(url, 'event_source_url', findings))).toEqual({
      value: url,
      repairs: [],
      issues: [],
    })
  })

  it('gets the scheme that it lacks', () => {
    expect(found((findings) => readPageUrl('shop.example/thanks', 'event_source_url', findings))).toEqual({
      value: 'https://shop.example/thanks',
      repairs: ['event_source_url_without_scheme'],
      issues: [],
    })
  })

  it('loses its query when it is longer than 4,096 characters', () => {
    const url = `https://shop.example/page?${'x'.repeat(5_000)}`

    expect(found((findings) => readPageUrl(url, 'event_source_url', findings))).toEqual({
      value: 'https://shop.example/page',
      repairs: ['event_source_url_shortened'],
      issues: [],
    })
  })

  it.each([
    '/thanks',
    'about:blank',
    'file:///C:/x.html',
    'javascript:alert(1)',
    'https://',
    'http://a b/',
    'https://x.example/\r\nX: y',
    42,
    {},
  ])('%j is none', (url) => {
    expect(found((findings) => readPageUrl(url, 'event_source_url', findings))).toMatchObject({
      value: undefined,
      repairs: ['event_source_url_dropped'],
    })
  })

  it.each([undefined, null, ''])('%j is none, and nothing to tell', (url) => {
    expect(found((findings) => readPageUrl(url, 'event_source_url', findings)).repairs).toEqual([])
    expect(found((findings) => readReferrerUrl(url, findings)).repairs).toEqual([])
  })

  it('of the page before may be an app', () => {
    expect(found((findings) => readReferrerUrl('android-app://com.google.android.gm/', findings)).value).toBe(
      'android-app://com.google.android.gm/',
    )
    expect(found((findings) => readReferrerUrl('javascript:alert(1)', findings)).value).toBeUndefined()
  })
})

describe('Limited Data Use', () => {
  const read = (incoming: Record<string, unknown>) => found((findings) => readDataProcessingOptions(incoming, findings))

  it.each([
    [{}, [undefined, undefined, undefined]],
    [{ data_processing_options: [] }, [[], undefined, undefined]],
    [{ data_processing_options: [''] }, [[], undefined, undefined]],
    [{ data_processing_options: ['LDU'] }, [['LDU'], 0, 0]],
    [{ data_processing_options: 'ldu' }, [['LDU'], 0, 0]],
    [
      { data_processing_options: ['LDU'], data_processing_options_country: 1, data_processing_options_state: 1000 },
      [['LDU'], 1, 1000],
    ],
    [
      { data_processing_options: ['LDU'], data_processing_options_country: '1', data_processing_options_state: '1013' },
      [['LDU'], 1, 1013],
    ],
    [{ data_processing_options_country: 1, data_processing_options_state: 1000 }, [undefined, undefined, undefined]],
  ])('%j is understood', (incoming, expected) => {
    const { value, issues } = read(incoming)

    expect(Object.values(value)).toEqual(expected)
    expect(issues).toEqual([])
  })

  it.each([
    [{ data_processing_options: ['LDUX'] }, 'data_processing_options_unknown'],
    [{ data_processing_options: [1] }, 'data_processing_options_unknown'],
    [{ data_processing_options: ['LDU', 'X'] }, 'data_processing_options_unknown'],
    [{ data_processing_options: ['LDU'], data_processing_options_country: 2 }, 'data_processing_country_unknown'],
    [{ data_processing_options: ['LDU'], data_processing_options_state: 'CA' }, 'data_processing_state_unknown'],
  ])('%j is refused: a wish for privacy is not guessed', (incoming, code) => {
    expect(read(incoming).issues).toEqual([code])
  })
})

describe('fields that most events do not have', () => {
  it.each([
    [true, true, []],
    ['false', false, ['opt_out_text']],
    [1, true, ['opt_out_text']],
    ['perhaps', undefined, ['opt_out_dropped']],
  ])('opt_out %j is read as %j', (opt_out, value, repairs) => {
    const result = found((findings) => readRareFields({ opt_out }, fromServer(), findings))

    expect(result.value.opt_out).toBe(value)
    expect(result.repairs).toEqual(repairs)
  })

  it('are not taken from a browser where only others can know them', () => {
    const incoming = { app_data: { a: 1 }, attribution_data: { b: 1 }, messaging_channel: 'whatsapp' }

    const { value } = found((findings) => readRareFields(incoming, fromBrowser(), findings))

    expect([value.app_data, value.attribution_data, value.messaging_channel]).toEqual([undefined, undefined, undefined])
  })

  it('travel as they came from a server', () => {
    const original_event_data = { event_name: 'Purchase', event_time: 1, order_id: 'a' }

    const { value } = found((findings) => readRareFields({ original_event_data }, fromServer(), findings))

    expect(value.original_event_data).toBe(original_event_data)
  })

  it.each([
    ['customer_segmentation', 'new customer', 'customer_segmentation_dropped'],
    ['original_event_data', [], 'original_event_data_dropped'],
    ['original_event_data', 'x', 'original_event_data_dropped'],
  ])('%s %j is left out', (field, given, code) => {
    const { value, repairs } = found((findings) => readRareFields({ [field]: given }, fromServer(), findings))

    expect(value[field as 'customer_segmentation']).toBeUndefined()
    expect(repairs).toEqual([code])
  })
})

describe('what the tracker says about its copy', () => {
  it('is kept as far as it makes sense', () => {
    expect(readMirror({ pixel: 'blocked', sent_at: 5, version: '1.0.0-beta.1', extra: 'x' })).toEqual({
      pixel: 'blocked',
      sent_at: 5,
      version: '1.0.0-beta.1',
    })
  })

  it.each([
    undefined,
    null,
    'x',
    [],
    { pixel: 'x', sent_at: '5', version: 'mary@example.com' },
    { version: 'x'.repeat(99) },
  ])('%j says nothing', (mirror) => {
    expect(readMirror(mirror)).toEqual({})
  })
})
