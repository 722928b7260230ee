import { beforeEach, describe, expect, it } from 'vitest'
import { store, stored, takeStored } from '../src/storage.js'

beforeEach(() => localStorage.clear())

describe('store()', () => {
  it('keeps nothing about a visitor, and no query of an address', () => {
    store('queue1', [
      {
        event_name: 'Lead',
        event_source_url: 'https://shop.example/thanks?email=jane@example.com#part',
        referrer_url: 'https://shop.example/?token=1',
        user_data: { em: 'jane@example.com' },
        custom_data: { value: 1 },
      },
    ])

    expect(stored('queue1')).toEqual([
      {
        event_name: 'Lead',
        event_source_url: 'https://shop.example/thanks',
        referrer_url: 'https://shop.example/',
        custom_data: { value: 1 },
      },
    ])
  })

  it('keeps nothing larger than 8 KiB', () => {
    expect(store('queue1', 'x'.repeat(8_200))).toBe(false)
    expect(localStorage.length).toBe(0)
  })
})

describe('takeStored()', () => {
  it('takes away what begins so, passes over what is no JSON, and leaves everything else', () => {
    localStorage.setItem('pixel_mirror_queue1', '[1]')
    localStorage.setItem('pixel_mirror_order7', '2')
    localStorage.setItem('theirs', 'x')
    const taken: unknown[] = []

    takeStored('queue', (value) => taken.push(value))

    expect(taken).toEqual([[1]])
    expect(Object.keys(localStorage).sort()).toEqual(['pixel_mirror_order7', 'theirs'])
  })
})
