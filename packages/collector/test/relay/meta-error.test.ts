import { describe, expect, it } from 'vitest'
import { loggable, readGraphError } from '../../src/relay/meta-error.js'

const read = (error: object) => readGraphError({ error: { code: 100, message: 'No.', ...error } })

describe('readGraphError()', () => {
  it('finds none where there is none', () => {
    expect(readGraphError({ events_received: 1 })).toBeUndefined()
    expect(readGraphError({ error: 'text' })).toBeUndefined()
  })

  it.each<[string, object, number | undefined]>([
    ['an index', { error_data: { event_index: 12 } }, 12],
    ['an index as text', { error_data: { event_index: '12' } }, 12],
    ['a path', { error_data: { blame_field_specs: [['data', 12, 'custom_data']] } }, 12],
    ['a path as text', { error_data: { blame_field_specs: [['data[12]', 'custom_data']] } }, 12],
    ['data that is JSON itself', { error_data: '{"event_index":12}' }, 12],
    ['a sentence', { error_user_msg: 'Look at data[12].custom_data.value, please.' }, 12],
    ['nothing', { error_data: { blame_field_specs: [['value']] } }, undefined],
    ['a number too long to be one', { message: 'data[123456]' }, undefined],
  ])('looks first at the event that is named by %s', (_, error, hint) => {
    expect(read(error)?.hint).toBe(hint)
  })

  it('says so where Meta gives no words', () => {
    expect(readGraphError({ error: {} })?.reason).toEqual({ message: 'Meta gave no message.' })
  })
})

describe('loggable()', () => {
  it('takes out the token that Meta repeats', () => {
    expect(loggable('Malformed access token EAABsbCS1iHgBO7-_x1')).toBe('Malformed access token [token]')
  })

  it('takes out addresses that Meta repeats', () => {
    expect(loggable('em "jane.doe+x@example.com" was not hashed')).toBe('em "[address]" was not hashed')
  })

  it('is one line of a bounded length', () => {
    expect(loggable(`a\n\tb${'x'.repeat(10_000)}`)).toMatch(/^a bx{497}$/)
  })
})
