import { describe, expect, it } from 'vitest'
import { tokenSource } from '../lambda/secret.js'
import { TOKEN } from './api-gateway.js'

const MINUTE_MS = 60_000

describe('tokenSource()', () => {
  it.each([
    ['the token itself', TOKEN],
    ['JSON with the token', JSON.stringify({ accessToken: TOKEN })],
  ])('reads %s', async (_, secret) => {
    expect(await tokenSource('name', () => Promise.resolve(secret)).read()).toBe(TOKEN)
  })

  it.each([
    ['missing', undefined],
    ['empty', ' '],
    ['JSON without a token', '{"user":"x"}'],
    ['too short to be one', 'abc'],
  ])('says clearly which secret is %s, and not what is in it', async (_, secret) => {
    const reading = tokenSource('shop/meta', () => Promise.resolve(secret)).read()

    await expect(reading).rejects.toThrow(/^The secret shop\/meta holds no access token/)
  })

  it('asks once, and again after five minutes', async () => {
    let nowMs = 0
    let asked = 0
    const source = tokenSource(
      'name',
      () => Promise.resolve(`${TOKEN}-${++asked}`),
      () => nowMs,
    )

    expect(await source.read()).toBe(`${TOKEN}-1`)
    nowMs = 4 * MINUTE_MS
    expect(await source.read()).toBe(`${TOKEN}-1`)
    nowMs = 6 * MINUTE_MS
    expect(await source.read()).toBe(`${TOKEN}-2`)
  })

  it('uses the old token on while the new one cannot be read', async () => {
    let nowMs = 0
    let down = false
    const source = tokenSource(
      'name',
      () => (down ? Promise.reject(new Error('AccessDenied')) : Promise.resolve(TOKEN)),
      () => nowMs,
    )
    await source.read()

    down = true
    nowMs = 6 * MINUTE_MS

    expect(await source.read()).toBe(TOKEN)
  })
})
