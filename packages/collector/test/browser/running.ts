import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startNode, type Browser, type Child, type Page } from '@pixel-mirror/testing'

const CLI = fileURLToPath(new URL('../../bin/pixel-mirror.js', import.meta.url))
const SHOP = fileURLToPath(new URL('../../../../examples/static-shop/site', import.meta.url))

/** The built collector as its own process, with the example shop and the sandbox, as `npm start` runs it. */
export interface Running {
  child: Child
  shop: string
  inspector: string
  sandbox: string
  /** Where its data is: start there again for what it remembers. */
  folder: string
}

export async function startCollector(
  env: Record<string, string> = {},
  folder = mkdtempSync(join(tmpdir(), 'inspector-')),
): Promise<Running> {
  const child = startNode(CLI, ['start', '--site', SHOP], { cwd: folder, env: { PORT: '0', ADMIN_PORT: '0', ...env } })
  const address = async (name: string) => (await child.printed(new RegExp(`${name} +(http://\\S+)`)))[1] ?? ''
  return {
    child,
    folder,
    shop: await address('Shop'),
    inspector: await address('Inspector'),
    sandbox: await address('Sandbox'),
  }
}

/** A visitor's own browser window: bots are left out, so it must not say that it is headless. */
export async function visitor(browser: Browser): Promise<Page> {
  const context = await browser.newContext({
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Safari/537.36',
  })
  return context.newPage()
}

/** Buys a mirror. With `blocked`, Meta's script is kept out as an ad blocker does it. */
export async function buy(page: Page, shop: string, { blocked = false } = {}): Promise<void> {
  await page.goto(shop)
  // The switch loads the page again, so it is set as the switch sets it.
  await page.evaluate((on) => sessionStorage.setItem('demo-block-pixel', on), blocked ? '1' : '0')
  await page.goto(`${shop}product.html?id=arch-60`)
  await page.click('#add')
  await page.click('#added a')
  await page.click('#order button')
  await page.waitForURL('**/thanks.html')
}
