export { launchChromium } from './browser.js'
