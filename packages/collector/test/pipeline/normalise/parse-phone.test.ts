import fc from 'fast-check'
import { parsePhoneNumberFromString } from 'libphonenumber-js/min'
import { describe, expect, it } from 'vitest'
import { parsePhone } from '../../../src/pipeline/normalise/parse-phone.js'

describe('parsePhone()', () => {
  it('gives what the library gives, also where it takes the short way', () => {
    const digits = fc
      .tuple(fc.integer({ min: 1, max: 98 }), fc.stringMatching(/^[0-9]{6,13}$/))
      .map((parts) => parts.join(''))

    fc.assert(
      fc.property(digits, (number) => {
        const library = parsePhoneNumberFromString(`+${number}`)
        // Where the library finds no possible number, the caller deletes what is no digit: the same again.
        const expected = library?.isPossible() === true ? library.number.slice(1) : number

        expect(parsePhone(`+${number}`, undefined) ?? number).toBe(expected)
      }),
      { numRuns: 20_000 },
    )
  })

  it('knows no number without its country', () => {
    expect(parsePhone('0612345678', undefined)).toBeUndefined()
  })
})
