export { launchChromium } from './browser.js'
export { eventually, startNode, type Child } from './child.js'
export { startPostgres, type TestPostgres } from './postgres.js'
export type { Browser, BrowserContext, Page, Route } from 'playwright-core'
