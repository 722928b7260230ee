import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCall } from '../../src/fbq/call.js'

const read = (...args: unknown[]) => readCall(args, null)._args

describe('readCall()', () => {
  it('leaves the arguments and everything in them as they were', () => {
    fc.assert(
      fc.property(fc.array(fc.anything()), (args) => {
        const before = [...args]

        try {
          readCall(args, null)
        } catch {
          // What cannot be read is passed on untouched.
        }

        expect(args).toEqual(before)
      }),
    )
  })

  it('changes nothing but the options of an event', () => {
    const verb = fc.constantFrom('track', 'trackCustom')
    fc.assert(
      fc.property(verb, fc.string(), fc.jsonValue(), fc.array(fc.jsonValue()), (verb, name, data, rest) => {
        const [first, second, third, , ...others] = read(verb, name, data, undefined, ...rest)

        expect([first, second, third, ...others]).toEqual([verb, name, data, ...rest])
      }),
    )
  })

  it('gives no second id to a call that has one', () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), (name, options) => {
        const once = read('track', name, {}, options)

        expect(read(...once)).toEqual(once)
      }),
    )
  })

  it.each([
    [['init', '1', { em: 'a' }]],
    [['consent', 'grant']],
    [['set', 'autoConfig', false, '1']],
    [['fire', {}]],
    [['unheardOf', 1, 2]],
    [['track', 12345]],
    [['track']],
    [[]],
    [[17, null]],
  ])('passes on what is no event: %j', (args) => {
    expect(read(...args)).toEqual(args)
  })

  it.each([
    ['track', 3],
    ['trackCustom', 3],
    ['trackSingle', 4],
    ['trackSingleCustom', 4],
  ])('puts the id of %s in its place', (verb, place) => {
    const args = read(verb, ...(place === 4 ? ['1', 'Lead'] : ['Lead']))

    expect(args[place]).toEqual({ eventID: expect.stringMatching(/^[0-9a-z]{15,30}$/) as string })
  })

  it('unpacks an old list', () => {
    expect(read(['track', 'Lead', { a: 1 }, { eventID: 'x' }])).toEqual(['track', 'Lead', { a: 1 }, { eventID: 'x' }])
  })
})
