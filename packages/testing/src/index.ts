export { launchChromium } from './browser.js'
export { eventually, startNode, type Child } from './child.js'
