/** The script tag: options from its attributes, and the calls that the page made before it arrived. */
import { options, readDataset } from './options.js'
import { attempt } from './report.js'
import { startTracker } from './tracker.js'

/** What the page may have put in our place: calls so far, each with the method's name and its arguments. */
interface Stub {
  q?: unknown[][]
}

attempt(() => {
  const script = document.currentScript as HTMLScriptElement
  readDataset(script.dataset)
  options.collectorUrl ||= new URL('events', script.src).href
  const stub = ((window as unknown as Record<string, Stub | undefined>)[options.globalName ?? 'tracker'] ??= { q: [] })
  const tracker = startTracker({}, stub.q?.splice(0))
  // The stub stays the same object, so that nobody holds an old one. Something without a queue is no stub but the site's own.
  if (stub.q) Object.assign(stub, tracker)
})
