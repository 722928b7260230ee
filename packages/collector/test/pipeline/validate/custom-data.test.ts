import { describe, expect, it } from 'vitest'
import { Findings } from '../../../src/pipeline/findings.js'
import { readCustomData } from '../../../src/pipeline/validate/custom-data.js'

function read(given: unknown) {
  const findings = new Findings()
  const value = readCustomData(given, findings)
  return { value, repairs: findings.repairs.map(({ code, path }) => `${code} ${path}`) }
}

describe('custom_data', () => {
  it('stays as it came when it is in order', () => {
    const given = {
      value: 19.9,
      currency: 'EUR',
      content_ids: ['a', 1],
      contents: [{ id: 'a', quantity: 2, item_price: 9.95 }],
      content_type: 'product',
      num_items: 2,
      my_own: { deep: [1, 'x', true] },
    }

    expect(read(given)).toEqual({ value: given, repairs: [] })
  })

  it.each([undefined, null])('%j is none', (given) => {
    expect(read(given)).toEqual({ value: undefined, repairs: [] })
  })

  it.each(['x', 1, [], true])('%j is no object, and left out', (given) => {
    expect(read(given)).toEqual({ value: undefined, repairs: ['custom_data_dropped custom_data'] })
  })

  it('is not changed in the body of the request', () => {
    const given = { value: '1', x: null, contents: [{ id: 1, quantity: '2' }] }

    read(given)

    expect(given).toEqual({ value: '1', x: null, contents: [{ id: 1, quantity: '2' }] })
  })
})

describe('numbers', () => {
  it.each([
    [0, 0],
    [-5, -5],
    [1.005, 1.005],
  ])('%d stays', (given, value) => {
    expect(read({ value: given })).toEqual({ value: { value }, repairs: [] })
  })

  it.each([
    ['142.52', 142.52],
    [' 7 ', 7],
    ['+1.5', 1.5],
    ['-3', -3],
    ['.5', 0.5],
    ['19,90', 19.9],
    ['1.234,50', 1234.5],
    ['1.234.567,89', 1234567.89],
    ['1,234.50', 1234.5],
  ])('%j can mean only %d', (given, value) => {
    expect(read({ value: given })).toEqual({ value: { value }, repairs: ['value_text custom_data.value'] })
  })

  it.each(['1,234', '1.2.3', '€19', 'much', '1e5', '0x10', 'NaN', 'Infinity', '1,2,3.4', '9'.repeat(50), true, {}, []])(
    '%j is none',
    (given) => {
      expect(read({ value: given })).toEqual({ value: {}, repairs: ['value_dropped custom_data.value'] })
    },
  )

  it.each(['value', 'num_items', 'predicted_ltv', 'net_revenue'])('%s is one', (name) => {
    expect(read({ [name]: '5' }).value).toEqual({ [name]: 5 })
  })

  it.each([null, ''])('%j is no value, and nothing to tell', (given) => {
    expect(read({ value: given })).toEqual({ value: {}, repairs: [] })
  })
})

describe('currencies', () => {
  it.each(['EUR', 'USD', 'UAH', 'EGP', 'XAF'])('%s is one, by ISO 4217', (currency) => {
    expect(read({ currency })).toEqual({ value: { currency }, repairs: [] })
  })

  it.each(['eur', ' Eur '])('%j is written in capitals', (currency) => {
    expect(read({ currency })).toEqual({
      value: { currency: 'EUR' },
      repairs: ['currency_upper_case custom_data.currency'],
    })
  })

  it.each(['€', 'Euro', 'XYZ', 'EURO', 978, {}])('%j is none', (currency) => {
    expect(read({ currency })).toEqual({ value: {}, repairs: ['currency_dropped custom_data.currency'] })
  })
})

describe('contents', () => {
  it.each([
    [
      'a missing quantity is one',
      { id: 'a' },
      { id: 'a', quantity: 1 },
      ['contents_completed custom_data.contents[0].quantity'],
    ],
    ['numbers as ids are written out', { id: 7, quantity: 2 }, { id: '7', quantity: 2 }, []],
    [
      'texts are numbers',
      { id: 'a', quantity: '2', item_price: '9,95' },
      { id: 'a', quantity: 2, item_price: 9.95 },
      ['quantity_text custom_data.contents[0].quantity', 'item_price_text custom_data.contents[0].item_price'],
    ],
    [
      'a price that is none is left out',
      { id: 'a', quantity: 1, item_price: 'free' },
      { id: 'a', quantity: 1 },
      ['item_price_dropped custom_data.contents[0].item_price'],
    ],
    [
      'a quantity that is none is one',
      { id: 'a', quantity: 'few' },
      { id: 'a', quantity: 1 },
      ['quantity_dropped custom_data.contents[0].quantity'],
    ],
    ['an id alone is one piece', 'a', { id: 'a', quantity: 1 }, ['contents_completed custom_data.contents[0]']],
    [
      'more properties stay',
      { id: 'a', quantity: 1, title: 'T', brand: 'B' },
      { id: 'a', quantity: 1, title: 'T', brand: 'B' },
      [],
    ],
    [
      'a delivery category that is none is left out',
      { id: 'a', quantity: 1, delivery_category: 'drone' },
      { id: 'a', quantity: 1 },
      ['delivery_category_dropped custom_data.contents[0].delivery_category'],
    ],
    [
      'a known one stays',
      { id: 'a', quantity: 1, delivery_category: 'curbside' },
      { id: 'a', quantity: 1, delivery_category: 'curbside' },
      [],
    ],
  ])('%s', (_rule, given, content, repairs) => {
    expect(read({ contents: [given] })).toEqual({ value: { contents: [content] }, repairs })
  })

  it('without an id say nothing and are left out', () => {
    expect(read({ contents: [{ quantity: 1 }, { id: '' }, null, 'b'] })).toEqual({
      value: { contents: [{ id: 'b', quantity: 1 }] },
      repairs: [
        'contents_dropped custom_data.contents[0]',
        'contents_dropped custom_data.contents[1]',
        'contents_dropped custom_data.contents[2]',
        'contents_completed custom_data.contents[3]',
      ],
    })
  })

  it.each([
    [{ contents: { id: 'a', quantity: 1 } }, { contents: [{ id: 'a', quantity: 1 }] }],
    [{ contents: '[{"id":"a","quantity":1}]' }, { contents: [{ id: 'a', quantity: 1 }] }],
    [{ content_ids: 'a' }, { content_ids: ['a'] }],
    [{ content_ids: 5 }, { content_ids: [5] }],
    [{ content_ids: '["a","b"]' }, { content_ids: ['a', 'b'] }],
    [{ content_ids: '[not json' }, { content_ids: ['[not json'] }],
    [{ content_ids: ['a', {}, '', null] }, { content_ids: ['a'] }],
    [{ content_ids: [], contents: [] }, {}],
    [{ content_ids: [{}] }, {}],
  ])('%j become a list', (given, value) => {
    expect(read(given).value).toEqual(value)
  })
})

describe('texts', () => {
  it.each(['order_id', 'content_type', 'content_name', 'search_string'])('%s may come as a number', (name) => {
    expect(read({ [name]: 1001 }).value).toEqual({ [name]: '1001' })
  })

  it('are not made of anything else', () => {
    expect(read({ order_id: {}, search_string: ['x'] })).toEqual({
      value: {},
      repairs: ['order_id_dropped custom_data.order_id', 'search_string_dropped custom_data.search_string'],
    })
  })
})

describe('what may not travel on', () => {
  it.each(['__proto__', 'constructor', 'prototype'])('the key %s is never copied', (key) => {
    const given: unknown = JSON.parse(`{"a":1,"b":{"${key}":{"admin":true},"c":2}}`)

    const { value, repairs } = read(given)

    expect(value).toEqual({ a: 1, b: { c: 2 } })
    expect(Object.keys(value?.b as object)).toEqual(['c'])
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
    expect(repairs).toEqual(['forbidden_key_dropped custom_data'])
  })

  it('a number without end is left out', () => {
    const given: unknown = JSON.parse('{"value":1e999,"a":[-1e999,1]}')

    expect(read(given)).toEqual({
      value: { a: [1] },
      repairs: ['infinite_number_dropped custom_data', 'infinite_number_dropped custom_data'],
    })
  })

  it('nesting ends at eight', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : { in: nested(depth - 1) })

    expect(read(nested(8))).toEqual({ value: nested(8), repairs: [] })
    expect(read(nested(9)).repairs).toEqual(['too_deep_dropped custom_data'])
  })

  it('nesting without end ends', () => {
    const given: unknown = JSON.parse('['.repeat(50_000) + ']'.repeat(50_000))

    expect(read({ deep: given }).repairs).toEqual(['too_deep_dropped custom_data'])
  })

  it('an object keeps 256 keys', () => {
    const given = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`key${index}`, index]))

    const { value, repairs } = read(given)

    expect(Object.keys(value ?? {})).toHaveLength(256)
    expect(repairs).toEqual(['too_many_keys_cut custom_data'])
  })

  it('null is left out, as by the pixel', () => {
    expect(read({ a: null, b: { c: null, d: 0 }, e: [null, 1] })).toEqual({
      value: { b: { d: 0 }, e: [null, 1] },
      repairs: [],
    })
  })
})
