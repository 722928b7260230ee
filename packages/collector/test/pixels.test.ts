import { describe, expect, it } from 'vitest'
import { createPixels } from '../src/pixels.js'
import type { Pixel } from '../src/pixels.js'
import { Secret } from '../src/secret.js'

const pixel = (id: string, token = 'token'): Pixel => ({ id, accessToken: new Secret(token), allowedOrigins: [] })

describe('createPixels()', () => {
  it('finds a pixel by its id', () => {
    const pixels = createPixels([pixel('1'), pixel('2')])

    expect(pixels.get('2')?.id).toBe('2')
    expect(pixels.get('3')).toBeUndefined()
    expect(pixels.get('__proto__')).toBeUndefined()
  })

  it('exchanges a token on reload and tells those who listen', () => {
    let now = [pixel('1', 'old')]
    let told = 0
    const pixels = createPixels(now, () => now)
    const stop = pixels.onChange(() => told++)

    now = [pixel('1', 'new')]
    const changed = pixels.reload()

    expect(changed).toBe(true)
    expect(told).toBe(1)
    expect(pixels.get('1')?.accessToken?.reveal()).toBe('new')
    stop()
    now = [pixel('1', 'newer')]
    pixels.reload()
    expect(told).toBe(1)
  })

  it('tells nobody when nothing is different', () => {
    let told = 0
    const pixels = createPixels([pixel('1')], () => [pixel('1')])
    pixels.onChange(() => told++)

    expect(pixels.reload()).toBe(false)
    expect(told).toBe(0)
  })

  it('keeps the pixels when they cannot be read again', () => {
    const pixels = createPixels([pixel('1')], () => {
      throw new Error('unreadable')
    })

    expect(() => pixels.reload()).toThrow('unreadable')
    expect(pixels.get('1')).toBeDefined()
  })
})
