import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { framed, lengthOf, slice, textAt, textsOfLines } from '../../src/queue/texts.js'

const line = fc.string({ unit: 'binary', minLength: 1 }).map((text) => JSON.stringify(text))
const parts = fc.array(fc.array(line, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 5 })

const put = (some: readonly (readonly string[])[]) =>
  textsOfLines(
    some.map((lines) => Buffer.from(lines.join('\n'))),
    some.flat().length,
  )

describe('texts that lie one after the other', () => {
  it('are those that were put there, each and together, in whatever alphabet', () => {
    fc.assert(
      fc.property(parts, (some) => {
        const texts = put(some)
        const lines = some.flat()

        expect(lines.map((_, index) => textAt({ texts, index }))).toEqual(lines)
        expect(slice(texts, 0, lines.length - 1).toString()).toBe(lines.join(','))
        expect(lines.map((json, index) => lengthOf({ json: '', place: { texts, index } }))).toEqual(
          lines.map((json) => Buffer.byteLength(json)),
        )
      }),
    )
  })

  it('are framed where they lie, again and again, and say the same afterwards', () => {
    fc.assert(
      fc.property(parts, fc.string({ maxLength: 10 }), fc.string({ maxLength: 300 }), (some, before, after) => {
        const texts = put(some)
        const lines = some.flat()
        framed(texts, Buffer.from('{"other":['), Buffer.from(']}'))

        const all = framed(texts, Buffer.from(before), Buffer.from(after))

        expect(all?.toString()).toBe(before + lines.join(',') + after)
        expect(lines.map((_, index) => textAt({ texts, index }))).toEqual(lines)
      }),
    )
  })

  it('are not framed by what would reach beyond their memory', () => {
    const texts = put([['{"event_name":"Lead"}']])

    expect(framed(texts, Buffer.alloc(64), Buffer.alloc(1_024))).toHaveLength(64 + 21 + 1_024)
    expect(framed(texts, Buffer.alloc(65), Buffer.alloc(0))).toBeUndefined()
    expect(framed(texts, Buffer.alloc(0), Buffer.alloc(1_025))).toBeUndefined()
  })
})
