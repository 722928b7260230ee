/** The browser engines that the tracker's tests run in, each behind the same few words. */
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { launchChromium } from './browser.js'
import { launchFirefox } from './marionette.js'
import { launchWebKit } from './webkit.js'

/** A window of a browser. */
export interface EnginePage {
  /** Resolves when the page has loaded. */
  open(url: string): Promise<void>
  /** Runs a script as the body of a function in the page, and resolves with what it returns. */
  run(script: string): Promise<unknown>
  close(): Promise<void>
}

export interface Engine {
  name: string
  isInstalled: boolean
  launch(): Promise<EnginePage>
}

async function openChromium(): Promise<EnginePage> {
  const browser = await launchChromium()
  const page = await browser.newPage()
  return {
    open: async (url) => void (await page.goto(url)),
    run: (script) => page.evaluate(`(() => { ${script} })()`),
    close: () => browser.close(),
  }
}

const firefox = process.env['FIREFOX_PATH'] ?? onPath('firefox-esr') ?? onPath('firefox')
const webkit = miniBrowser()
const webkitDriver = onPath('WebKitWebDriver')
const xvfb = onPath('Xvfb')

/** Chromium comes with the tests; the others are there where the system has them, and in CI. */
export const ENGINES: Engine[] = [
  { name: 'Chromium', isInstalled: true, launch: openChromium },
  { name: 'Firefox', isInstalled: firefox !== undefined, launch: () => launchFirefox(firefox!) },
  {
    name: 'WebKit',
    isInstalled: [webkit, webkitDriver, xvfb].every((path) => path !== undefined),
    launch: () => launchWebKit(webkitDriver!, webkit!, xvfb!),
  },
]

function onPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

/** WebKitGTK's small browser, which is not on the path but in a folder of its version and machine: `/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1`. */
function miniBrowser(): string | undefined {
  const within = (folder: string, pattern: RegExp) =>
    existsSync(folder)
      ? readdirSync(folder)
          .filter((name) => pattern.test(name))
          .map((name) => join(folder, name))
      : []
  return within('/usr/lib', /-linux-gnu$/)
    .flatMap((folder) => within(folder, /^webkit2gtk-/))
    .map((folder) => join(folder, 'MiniBrowser'))
    .find((path) => existsSync(path))
}
