import { expect, it } from 'vitest'
import { isFromOwnPage } from '../../../src/inspector/access/own-page.js'

const HOST = 'inspect.example'
const OWN = { host: HOST, 'x-inspector': '1' }

it.each([
  ['our page', { ...OWN, 'sec-fetch-site': 'same-origin', origin: `https://${HOST}` }],
  [
    'our page behind a proxy that names itself as host',
    { ...OWN, 'sec-fetch-site': 'same-origin', origin: 'https://x.example' },
  ],
  ['our page in an older browser', { ...OWN, origin: `http://${HOST}` }],
  ['a command line', OWN],
])('lets %s in', (_, headers) => {
  expect(isFromOwnPage(headers)).toBe(true)
})

it.each([
  ['a page of another site', { ...OWN, 'sec-fetch-site': 'cross-site' }],
  ['a page of another subdomain', { ...OWN, 'sec-fetch-site': 'same-site' }],
  ['a page of another port', { ...OWN, 'sec-fetch-site': 'same-site', origin: `http://${HOST}:81` }],
  ['a link or a bookmark', { ...OWN, 'sec-fetch-site': 'none' }],
  ['another site in an older browser', { ...OWN, origin: 'https://evil.example' }],
  ['a page without an origin in an older browser', { ...OWN, origin: 'null' }],
  ['a form, which cannot have our header', { host: HOST, 'sec-fetch-site': 'same-origin' }],
])('keeps %s out', (_, headers) => {
  expect(isFromOwnPage(headers)).toBe(false)
})
