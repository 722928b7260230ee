/**
 * A page under test in Chromium: its site, a stand-in for Meta, and what went wrong.
 */
import { launchChromium, type Browser, type BrowserContext, type Page } from '@pixel-mirror/testing'
import { FBEVENTS, pause, startSite, type Collector, type Site } from './site.js'

export { accept, pause } from './site.js'

/** The tag as the README shows it. */
export const TAG = '<script async src="/tracker.js"></script>'

/** The same, loaded in its place: so that a test can say what comes first. */
export const TAG_HERE = '<script src="/tracker.js"></script>'

const STUB = `!function(f,b,e,v,n,t,s){if(f.fbq)return;n=f.fbq=function(){n.callMethod?n.callMethod.apply(n,arguments):n.queue.push(arguments)};
if(!f._fbq)f._fbq=n;n.push=n;n.loaded=!0;n.version='2.0';n.queue=[];t=b.createElement(e);t.async=!0;t.src=v;
s=b.getElementsByTagName(e)[0];s.parentNode.insertBefore(t,s)}(window,document,'script','https://connect.facebook.net/en_US/fbevents.js');`

/** Meta's base snippet as pages carry it. */
export const BASE_SNIPPET = `<script>${STUB}</script>`
export const BASE_CODE = STUB

export interface Lab extends Site {
  page: Page
  context: BrowserContext
  /** What went wrong on the page, and what its console says. */
  errors: string[]
  console: string[]
  /** Puts a page on the server, and opens it. */
  open: (html: string, path?: string) => Promise<void>
  /** Lets pages come from another host name. */
  alsoAs: (origin: string) => Promise<void>
}

export interface LabOptions {
  /**
   * How Meta's script behaves. `is not wanted` is for pages without it: then nothing stands between the browser and the network, where
   * requests at the end of a page get lost.
   */
  fbevents?: 'loads' | 'loads late' | 'is blocked' | 'never answers' | 'is empty' | 'is not wanted'
  /** Answers the tracker's requests; accepts them by default. */
  collector?: Collector
}

let browser: Promise<Browser> | undefined

export async function closeBrowser(): Promise<void> {
  await (await browser)?.close()
  browser = undefined
}

export async function startLab({ fbevents = 'loads', collector }: LabOptions = {}): Promise<Lab> {
  const site = await startSite(collector)
  const { origin, put } = site
  const errors: string[] = []
  const console: string[] = []
  browser ??= launchChromium()
  const context = await (await browser).newContext()
  if (fbevents !== 'is not wanted') await standInForMeta()
  const page = await context.newPage()
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => {
    if (/pixel_mirror|onflicting/.test(message.text())) console.push(message.text())
  })

  async function standInForMeta(): Promise<void> {
    await context.route('https://connect.facebook.net/**', async (route) => {
      if (fbevents === 'is blocked') return route.abort()
      if (fbevents === 'never answers') return
      if (fbevents === 'loads late') await pause(400)
      return route.fulfill({ contentType: 'text/javascript', body: fbevents === 'is empty' ? '' : FBEVENTS })
    })
    await context.route('https://www.facebook.com/tr/**', (route) => {
      site.noteHit(new URL(route.request().url()).searchParams)
      return route.fulfill({ contentType: 'image/gif', body: '' })
    })
  }

  return {
    ...site,
    page,
    context,
    errors,
    console,
    async open(html, path = '/') {
      put(html, path)
      await page.goto(new URL(path, origin).href)
    },
    async alsoAs(other) {
      await context.route(`${other}/**`, async (route) => {
        const { pathname, search } = new URL(route.request().url())
        await route.fulfill({ response: await route.fetch({ url: origin + pathname + search }) })
      })
    },
    async close() {
      await context.close()
      await site.close()
    },
  }
}
