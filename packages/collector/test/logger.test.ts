import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { createLogger } from '../src/logger.js'
import { Secret } from '../src/secret.js'

function logged(fields: object, level = 'info'): string {
  const lines: string[] = []
  createLogger(level, { write: (line) => void lines.push(line) }).info(fields, 'something happened')
  return lines.join('')
}

describe('createLogger()', () => {
  it('writes one JSON object a line, with time, level, event and message', () => {
    const line = logged({ event: 'test.happened', count: 3 })

    expect(line.endsWith('}\n')).toBe(true)
    expect(JSON.parse(line)).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
      event: 'test.happened',
      count: 3,
      msg: 'something happened',
    })
  })

  it.each([
    { user_data: { em: 'jane@example.com' } },
    { event: { user_data: { em: 'jane@example.com' } } },
    { request: { headers: { authorization: 'jane@example.com' } } },
    { headers: { cookie: 'jane@example.com' } },
    { body: 'jane@example.com' },
    { access_token: 'jane@example.com' },
    { settings: { accessToken: 'jane@example.com', queueUrl: 'jane@example.com' } },
    { token: new Secret('jane@example.com') },
    { err: Object.assign(new Error('x'), { body: 'jane@example.com' }) },
  ])('hides what must never be printed, wherever someone puts it by mistake: %o', (fields) => {
    expect(logged(fields)).not.toContain('jane')
  })

  it('leaves out what is less important than asked for', () => {
    expect(logged({}, 'warn')).toBe('')
  })
})

it('shows a secret in no way of printing it', () => {
  const secret = new Secret('hush')

  expect(
    [String(secret), 'a ' + secret.toString(), JSON.stringify({ secret }), inspect({ secret }, { depth: 9 })].join(),
  ).not.toContain('hush')
  expect(secret.reveal()).toBe('hush')
})
