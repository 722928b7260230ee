import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { writeJson } from '../../src/pipeline/write-json.js'

describe('writeJson()', () => {
  it.each([
    ['a\ud800b', 'a\ufffdb'],
    ['\udfff', '\ufffd'],
    ['a\u0000b', 'a\ufffdb'],
    ['😀', '😀'],
    ['\\ud800', '\\ud800'],
    ['\\\ud800', '\\\ufffd'],
    ['\u0001\n"', '\u0001\n"'],
  ])('of %j can be read as %j', (given, read) => {
    expect(JSON.parse(writeJson({ [given]: [given] }))).toEqual({ [read]: [read] })
  })

  it('is what JSON.stringify writes, for every text that is whole', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const json = writeJson(value)

        expect(json).not.toMatch(/\p{Cs}/u)
        expect(JSON.stringify(JSON.parse(json))).not.toMatch(/(?:^|[^\\])\\ud[89a-f]/)
        if (!/\\u(?:d[89a-f]|0000)/.test(JSON.stringify(value))) expect(json).toBe(JSON.stringify(value))
      }),
    )
  })
})
