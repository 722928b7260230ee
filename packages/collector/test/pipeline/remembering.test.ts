import { describe, expect, it } from 'vitest'
import { createBotCheck } from '../../src/pipeline/bot-check.js'
import { countryOf } from '../../src/pipeline/normalise/country-of.js'
import { createHashCache } from '../../src/pipeline/normalise/hash-cache.js'
import { USER_AGENT } from './fixtures.js'

describe('createBotCheck()', () => {
  it.each([
    [USER_AGENT, false],
    ['Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', true],
    ['facebookexternalhit/1.1', true],
    ['curl/8.5.0', true],
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0.0.0 Safari/537.36',
      true,
    ],
  ])('says of %s: %s', (userAgent, bot) => {
    expect(createBotCheck()(userAgent)).toBe(bot)
  })

  it('looks at each user agent once, and forgets the oldest of too many', () => {
    const looked: string[] = []
    const isBot = createBotCheck((userAgent) => looked.push(userAgent) < 0)

    isBot('first')
    isBot('first')
    for (let index = 0; index < 5_000; index++) isBot(`other ${index}`)
    isBot('first')

    expect(looked.filter((userAgent) => userAgent === 'first')).toHaveLength(2)
    expect(looked).toHaveLength(5_002)
  })
})

describe('createHashCache()', () => {
  it('gives back what it was given, up to its bound', () => {
    const cache = createHashCache()

    for (let index = 0; index < 10_001; index++) cache.set(`key ${index}`, 'hash')
    cache.set('x'.repeat(101), 'hash')

    expect(cache.get('key 10000')).toBe('hash')
    expect(cache.get('key 1')).toBeUndefined()
    expect(cache.get('x'.repeat(101))).toBeUndefined()
  })
})

describe('countryOf()', () => {
  it.each([
    ['germany', 'de'],
    ['Deutschland', 'de'],
    ['ALLEMAGNE', 'de'],
    ['trinidad & tobago', 'tt'],
    ['Trinidad and Tobago', 'tt'],
    ['St. Lucia', 'lc'],
    ['Russian Federation', 'ru'],
    ['Korea, Republic of', 'kr'],
    ['Österreich', 'at'],
    ['日本', 'jp'],
    ['Ελλάδα', 'gr'],
    ['Atlantis', undefined],
    ['', undefined],
    ['eu', undefined],
    ['constructor', undefined],
  ])('knows %s as %s', (name, code) => {
    expect(countryOf(name)).toBe(code)
  })
})
