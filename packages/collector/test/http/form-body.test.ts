import { describe, expect, it } from 'vitest'
import { readForm } from '../../src/http/form-body.js'

const MULTIPART = 'multipart/form-data; boundary=xyz'

describe('readForm()', () => {
  it('reads URL-encoded fields', () => {
    const fields = readForm(
      'application/x-www-form-urlencoded; charset=utf-8',
      Buffer.from('data=%5B1%5D&a=b+c&e=%C3%A9'),
    )

    expect(fields).toEqual({ data: '[1]', a: 'b c', e: 'é' })
  })

  it('reads the parts of a multipart form, lines and all', () => {
    const body = [
      '--xyz',
      'Content-Disposition: form-data; name="data"',
      'Content-Type: application/json',
      '',
      '[1,\r\n2]',
      '--xyz',
      'content-disposition: form-data; name="access_token"',
      '',
      'é',
      '--xyz--',
      '',
    ].join('\r\n')

    expect(readForm(MULTIPART, Buffer.from(body))).toEqual({ data: '[1,\r\n2]', access_token: 'é' })
    expect(readForm('multipart/form-data; charset=utf-8; boundary="xyz"', Buffer.from(body))).toHaveProperty('data')
  })

  it.each([
    '',
    '--xyz',
    '--xyz--',
    '--xyz\r\n\r\n--xyz--',
    '--xyz\r\nContent-Disposition: form-data\r\n\r\nx\r\n--xyz--',
  ])('finds nothing in %j', (body) => {
    expect(readForm(MULTIPART, Buffer.from(body))).toEqual({})
  })

  it.each([undefined, 'application/json', 'text/plain', 'multipart/form-data', 'multipart/mixed; boundary=x'])(
    'leaves %s to others',
    (type) => {
      expect(readForm(type, Buffer.from('{}'))).toBeUndefined()
    },
  )

  it('cannot reach a prototype', () => {
    const fields = readForm('application/x-www-form-urlencoded', Buffer.from('__proto__=x&a=1')) ?? {}

    expect(Object.getPrototypeOf(fields)).toBe(Object.prototype)
    expect(Object.keys(fields)).toEqual(['__proto__', 'a'])
  })
})
