import { describe, expect, it } from 'vitest'
import { createApiKeys } from '../../src/http/api-keys.js'
import { Secret } from '../../src/secret.js'

describe('createApiKeys()', () => {
  const isApiKey = createApiKeys([new Secret('the-first-key-there-is'), new Secret('the-second-key-there-is')])

  it.each(['the-first-key-there-is', 'the-second-key-there-is'])(
    'knows each of two keys, so that one can be exchanged: %s',
    (key) => {
      expect(isApiKey(key)).toBe(true)
    },
  )

  it.each([
    '',
    'the-first-key',
    'the-first-key-there-is ',
    'the-first-key-there-is,the-second-key-there-is',
    'The-First-Key-There-Is',
    'the-first-key-there-is\0',
    'the-second-key-there-is and more than there is room for',
  ])('knows nothing else: %j', (key) => {
    expect(isApiKey(key)).toBe(false)
  })

  it('knows no key when there is none', () => {
    expect(createApiKeys([])('')).toBe(false)
  })
})
