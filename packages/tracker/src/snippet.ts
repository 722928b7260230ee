/** The script tag: options from its attributes, then the calls that the page made before it arrived. */
import { optionsFromDataset } from './options.js'
import { startTracker } from './tracker.js'

const script = document.currentScript as HTMLScriptElement | null
const options = script ? optionsFromDataset(script.dataset) : {}
if (script?.src) options.collectorUrl ||= new URL('events', script.src).href
const tracker = startTracker(options, script?.nonce)
;(window as unknown as Record<string, unknown>)[options.globalName || 'tracker'] ??= tracker
