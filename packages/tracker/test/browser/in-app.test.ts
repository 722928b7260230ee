import { readFileSync } from 'node:fs'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { closeBrowser, startLab, TAG_HERE, type Lab } from './lab.js'

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
const [, LINES] = /## In-app browsers[^]*?```js\n([^]*?)```/.exec(readme)!

/** What Meta's apps put around a page. */
const IOS = `window.webkit = { messageHandlers: { browserProperties: { postMessage: async (what) => what === 'clickID' && 'IwAR_x-Y' } } }`
const IOS_SAYS_NO = IOS.replace(`what === 'clickID' && 'IwAR_x-Y'`, `Promise.reject(new Error('no'))`)
const ANDROID = `Object.defineProperty(navigator, 'userAgent', { value: 'Mozilla/5.0 (Linux; Android 14) [FB_IAB/FB4A;FBAV/450.0]' })
  window.XMLHttpRequest = class { open(method, url) { this.responseText = url === 'properties://browser/clickID' ? 'IwAR_x-Y' : '' } send() { setTimeout(() => this.onload()) } }`

let lab: Lab
afterEach(() => lab.close())
afterAll(closeBrowser)

/** What an event says of the ad click, a while after its page has opened. */
async function fbcOf(app: string, { path = '/', cookie = '' } = {}) {
  lab = await startLab()
  const tag = TAG_HERE.replace('src', 'data-pixel-id="1" data-load-pixel="false" data-page-views="false" src')
  await lab.open(`<script>${app}; document.cookie = '${cookie}'</script>${tag}<script>${LINES}</script>`, path)
  await lab.page.evaluate(`setTimeout(() => tracker.track('Lead', {}), 50)`)
  const [lead] = await lab.copiesArrive(1)
  return lead!.user_data!.fbc
}

describe('the README’s lines for in-app browsers', () => {
  it.each([
    ['iOS', IOS],
    ['Android', ANDROID],
  ])('learn the click from the app: %s', async (_app, app) => {
    expect(await fbcOf(app)).toMatch(/^fb\.1\.\d{13}\.IwAR_x-Y$/)
  })

  it('leave alone what the address or the cookie says', async () => {
    expect(await fbcOf(IOS, { path: '/?fbclid=mine' })).toMatch(/\.mine$/)
    await lab.close()
    expect(await fbcOf(IOS, { cookie: '_fbc=fb.0.1764000000000.older' })).toBe('fb.0.1764000000000.older')
  })

  it.each([
    ['says nothing', IOS_SAYS_NO],
    ['is none', ''],
  ])('do no harm where the app %s', async (_app, app) => {
    expect(await fbcOf(app)).toBeUndefined()
    expect(lab.errors).toEqual([])
  })
})
