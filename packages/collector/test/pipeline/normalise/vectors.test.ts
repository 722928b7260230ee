import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Findings } from '../../../src/pipeline/findings.js'
import { normalise } from '../../../src/pipeline/normalise/normalise.js'
import { sha256 } from '../../../src/sha256.js'
import { draft, fromServer, pipelineOptions } from '../fixtures.js'

interface Vector {
  field: string
  given: string | number
  context?: { country?: string; defaultCountry?: string }
  becomes: string | null
  hash?: string | null
  because: string
  source: 'printed' | 'docs' | 'library' | 'mended'
}

const FOLDER = new URL('../../../../common/vectors/', import.meta.url)

function vectorsOf(file: string): Vector[] {
  return (JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as { vectors: Vector[] }).vectors
}

function normalised({ field, given, context = {} }: Vector): unknown {
  const { country, defaultCountry } = context
  const user_data = { ...(country !== undefined && { country }), [field]: given }
  const event = draft({ user_data })
  normalise(event, fromServer(), pipelineOptions({ defaultCountry }), new Findings())
  return event.user_data[field]
}

const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json'))

describe.each(files)('vectors/%s', (file) => {
  it.each(
    vectorsOf(file).map((vector) => [JSON.stringify(vector.given).slice(0, 60), vector.because, vector] as const),
  )('%s: %s', (_given, _because, vector) => {
    const expected =
      vector.hash === undefined ? (vector.becomes ?? undefined) : vector.hash === null ? undefined : [vector.hash]

    expect(normalised(vector)).toEqual(expected)
  })
})

describe('the vectors', () => {
  const all = files.flatMap(vectorsOf)

  it('hold the hash of what each value becomes', () => {
    for (const { becomes, hash, given } of all) {
      if (hash == null || becomes === null) continue
      const passed = hash === becomes && String(given).trim().toLowerCase().startsWith(hash.slice(0, 32))
      expect(passed ? becomes : sha256(becomes)).toBe(hash)
    }
  })

  it('are many, and cover every field that is hashed', () => {
    expect(all.length).toBeGreaterThan(300)
    expect(new Set(all.map(({ field }) => field))).toEqual(expect.objectContaining({}))
  })
})
