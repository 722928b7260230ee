import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { normaliseUserData } from '@pixel-mirror/common'

interface Vector {
  field: string
  given: string | number
  context?: { country?: string; defaultCountry?: string }
  becomes: string | null
  hash?: string | null
  because: string
  needs?: 'parsePhone' | 'countryOf'
}

const FOLDER = new URL('../vectors/', import.meta.url)
const NOW_MS = Date.UTC(2026, 10, 24)

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

const vectors = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .flatMap((file) => (JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as { vectors: Vector[] }).vectors)

describe('the vectors that need no library', () => {
  it.each(
    vectors
      .filter(({ needs }) => needs === undefined)
      .map((vector) => [vector.field, JSON.stringify(vector.given).slice(0, 60), vector.because, vector] as const),
  )('%s %s: %s', (field, _given, _because, { given, context = {}, becomes, hash }) => {
    const { country, defaultCountry } = context
    const user = { ...(country !== undefined && { country }), [field]: given }

    const { userData } = normaliseUserData(user, { sha256, defaultCountry, nowMs: NOW_MS })

    const expected = hash === undefined ? becomes : hash && [hash]
    expect(userData[field as keyof typeof userData] ?? null).toEqual(expected)
  })
})

/** @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/customer-information-parameters */
const PRINTED = [
  ['em', 'John_Smith@gmail.com', '62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f'],
  ['ph', '(650)555-1212', 'e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176'],
  ['fn', 'Mary', '6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec'],
  ['fn', '정', '8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14'],
  ['fn', 'Valéry', '08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c'],
  ['db', '2/16/1997', '01acdbf6ec7b4f478a225f1a246e5d6767eeab1a7ffa17f025265b5b94f40f0c'],
  ['country', 'United States', '79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621'],
] as const

it.each(PRINTED)('holds what Meta prints: %s %s', (field, given, hash) => {
  expect(vectors).toContainEqual(expect.objectContaining({ field, given, hash, source: 'printed' }))
})
