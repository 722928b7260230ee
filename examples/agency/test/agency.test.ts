import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchChromium, proxyToCollector, startDemo, type Browser, type Demo } from '@pixel-mirror/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

interface Config {
  pixels: { id: string; accessTokenFile?: string; allowedOrigins: string[] }[]
}

const read = (path: string) => readFile(new URL(`../${path}`, import.meta.url), 'utf8')

let browser: Browser
let demo: Demo
let folder: string

beforeAll(async () => {
  browser = await launchChromium()
  folder = await mkdtemp(join(tmpdir(), 'pixel-mirror-agency-'))
  // The example's own file, without its tokens: then the sandbox stands in for Meta.
  const config = JSON.parse(await read('pixel-mirror.config.json')) as Config
  for (const pixel of config.pixels) delete pixel.accessTokenFile
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  demo = await startDemo({ env: { CONFIG_FILE: join(folder, 'config.json') } })
})
afterAll(async () => {
  await browser?.close()
  await demo?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** Opens a page as if it stood at that origin; the collector's public name leads to the running one. */
async function open(origin: string, html: string) {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.route(`${origin}/`, (route) => route.fulfill({ contentType: 'text/html', body: html }))
  await page.route('https://connect.facebook.net/**', (route) => route.abort())
  const posted = await proxyToCollector(page, 'https://collect.agency.example', demo)
  await page.goto(`${origin}/`)
  return { context, posted }
}

describe('one collector for several clients', () => {
  it.each([
    ['https://www.client-one.example', 'site-one/index.html', '1000000000000001'],
    ['https://client-two.example', 'site-two/index.html', '1000000000000002'],
  ])('takes the page views of %s for its own pixel', async (origin, file, pixelId) => {
    const { context } = await open(origin, await read(file))

    const pageView = await demo.copiesOf('PageView', ({ pixel_id }) => pixel_id === pixelId)

    expect(pageView.server[0]?.event).toMatchObject({ event_source_url: `${origin}/` })
    await context.close()
  })

  it('refuses a page that sends for the pixel of another client', async () => {
    const { context, posted } = await open('https://client-two.example', await read('site-one/index.html'))

    await expect.poll(() => posted.map(({ status }) => status)).toContain(403)

    await context.close()
  })
})
