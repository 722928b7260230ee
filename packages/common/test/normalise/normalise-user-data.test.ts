import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normaliseUserData, USER_DATA_FIELDS } from '@pixel-mirror/common'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const options = { sha256, nowMs: Date.UTC(2026, 10, 24) }

const FIELDS = Object.keys(USER_DATA_FIELDS)
const HASHED = Object.entries(USER_DATA_FIELDS).flatMap(([name, { hashed }]) => (hashed ? [name] : []))

/** Any JSON under the keys that Meta knows and some that it does not. */
const anyUserData = fc.dictionary(
  fc.oneof(fc.constantFrom(...FIELDS, 'email', 'cn', '__proto__', 'constructor', 'toString'), fc.string()),
  fc.oneof(
    fc.jsonValue(),
    fc.string(),
    fc.emailAddress(),
    fc.stringMatching(/^[+0-9 ()./-]{0,20}$/),
    fc.array(fc.string()),
  ),
)

describe('normaliseUserData()', () => {
  it('hashes each of several values, once', () => {
    const { userData } = normaliseUserData({ em: ['A@example.com', 'a@example.com ', 'b@example.com'] }, options)

    expect(userData.em).toEqual([sha256('a@example.com'), sha256('b@example.com')])
  })

  it('leaves out what it cannot use, says where, and keeps the rest', () => {
    const { userData, repairs } = normaliseUserData({ em: ['a@example.com', 'bad'], ph: 'none', fn: 'Mary' }, options)

    expect(Object.keys(userData)).toEqual(['em', 'fn'])
    expect(repairs).toEqual([
      { code: 'em_dropped', path: 'user_data.em[1]' },
      { code: 'ph_dropped', path: 'user_data.ph' },
    ])
  })

  it('takes numbers as their decimal text, as the pixel does', () => {
    const { userData } = normaliseUserData({ external_id: 42, ph: 16505551212 }, options)

    expect(userData).toEqual({ external_id: [sha256('42')], ph: [sha256('16505551212')] })
  })

  it.each([true, {}, [[]], NaN, 1e300, 0.5])('leaves out %j', (value) => {
    expect(normaliseUserData({ em: value, fbp: value }, options).userData).toEqual({})
  })

  it('passes over null and undefined without a word', () => {
    expect(normaliseUserData({ em: null, ph: undefined }, options)).toEqual({ userData: {}, repairs: [] })
  })

  it('knows the names that other software uses', () => {
    const { userData, repairs } = normaliseUserData({ email: 'a@example.com', em: 'b@example.com', cn: 'US' }, options)

    expect(userData.em).toEqual([sha256('a@example.com'), sha256('b@example.com')])
    expect(userData.country).toEqual([sha256('us')])
    expect(repairs).toContainEqual({ code: 'user_data_renamed', path: 'user_data.em' })
  })

  it('leaves out keys that Meta does not know, and does not repeat them', () => {
    const { userData, repairs } = normaliseUserData({ 'mary@example.com': 1, constructor: 'x' }, options)

    expect(userData).toEqual({})
    expect(repairs).toEqual([
      { code: 'unknown_user_data_dropped', path: 'user_data' },
      { code: 'unknown_user_data_dropped', path: 'user_data' },
    ])
  })

  it('takes one value where Meta takes one', () => {
    const { userData } = normaliseUserData({ fbp: ['fb.1.1763999000000.1', 'fb.1.1763999000000.2'] }, options)

    expect(userData).toEqual({ fbp: 'fb.1.1763999000000.1' })
  })

  it('reads at most twenty values of a field', () => {
    const many = Array.from({ length: 30 }, (_, index) => `visitor${index}@example.com`)

    const { userData, repairs } = normaliseUserData({ em: many }, options)

    expect(userData.em).toHaveLength(20)
    expect(repairs).toEqual([{ code: 'user_data_cut', path: 'user_data.em' }])
  })

  it("reads a person's numbers, states and dates by the person's own country, else by the default", () => {
    const parsePhone = (value: string, country: string | undefined) => `${country ?? ''}${value}`
    const given = { ph: '5551234567' }

    const own = normaliseUserData(
      { ...given, country: 'gb' },
      { ...options, sha256: String, parsePhone, defaultCountry: 'US' },
    )
    const byDefault = normaliseUserData(given, { ...options, sha256: String, parsePhone, defaultCountry: 'US' })

    expect(own.userData.ph).toEqual(['gb5551234567'])
    expect(byDefault.userData.ph).toEqual(['us5551234567'])
  })

  it('remembers hashes that many people share, and no others', () => {
    const cache = new Map<string, string>()

    const first = normaliseUserData({ em: 'a@example.com', ct: 'Paris', st: 'CA' }, { ...options, cache })
    const second = normaliseUserData({ em: 'a@example.com', ct: 'Paris', st: 'CA' }, { ...options, cache })

    expect(second).toEqual(first)
    expect([...cache.keys()].join()).not.toContain('example.com')
    expect(cache.size).toBe(2)
  })

  it('reads a shared value anew for another country', () => {
    const cache = new Map<string, string>()
    const stateIn = (country: string) =>
      normaliseUserData({ st: 'Georgia', country }, { ...options, cache }).userData.st

    expect(stateIn('us')).toEqual([sha256('ga')])
    expect(stateIn('ge')).toEqual([sha256('georgia')])
  })

  it('never throws, whatever it is given', () => {
    fc.assert(fc.property(anyUserData, (given) => void normaliseUserData(given, options)))
  })

  it('lets only digests out of the fields that are hashed', () => {
    fc.assert(
      fc.property(anyUserData, (given) => {
        const { userData } = normaliseUserData(given, options)

        for (const name of HASHED) {
          const values = (userData as Record<string, string[] | undefined>)[name] ?? []
          for (const value of values) expect(value).toMatch(/^[0-9a-f]{32,64}(?:\.[\w-]{2,8})?$/)
        }
      }),
    )
  })

  it('changes nothing when it is applied to its own result', () => {
    fc.assert(
      fc.property(anyUserData, (given) => {
        const once = normaliseUserData(given, options).userData
        const twice = normaliseUserData(once as Record<string, unknown>, options)

        expect(twice.userData).toEqual(once)
        expect(twice.repairs).toEqual([])
      }),
    )
  })
})

describe('every rule of the table', () => {
  const context = { nowMs: options.nowMs }

  it.each(FIELDS)(
    'of %s changes nothing in its own result, so that the hash of a normalised value is stable',
    (name) => {
      const { normalise } = USER_DATA_FIELDS[name as keyof typeof USER_DATA_FIELDS]
      const text = fc.oneof(
        fc.string({ unit: 'binary', maxLength: 60 }),
        fc.string({ unit: 'grapheme', maxLength: 20 }),
        fc.emailAddress(),
        fc.ipV6(),
        fc.ipV4(),
        fc.stringMatching(/^[+0-9 ()./-]{0,20}$/),
        fc.stringMatching(/^[A-Za-zÀ-ž' .-]{0,20}$/),
        fc.stringMatching(/^fb\.[12]\.[0-9]{13}\.[A-Za-z0-9_.-]{1,20}$/),
      )

      fc.assert(
        fc.property(text, fc.constantFrom(undefined, 'us', 'gb', 'de'), (value, country) => {
          const once = normalise(value, { ...context, country })
          if (once !== undefined) expect(normalise(once, { ...context, country })).toBe(once)
        }),
        { numRuns: 500 },
      )
    },
  )
})
