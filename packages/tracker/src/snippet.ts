/** The script tag: options from its attributes, then the calls that the page made before it arrived. */
import { options, readDataset, type TrackerOptions } from './options.js'
import { attempt } from './report.js'
import { startTracker } from './tracker.js'

type Methods = Record<string, (...args: unknown[]) => unknown>

/** What the page may have put in our place: calls so far, each with the method's name and its arguments. */
interface Stub {
  q?: unknown[][]
}

attempt(() => {
  const script = document.currentScript as HTMLScriptElement
  readDataset(script.dataset)
  options.collectorUrl ||= new URL('events', script.src).href
  const stub = ((window as unknown as Record<string, Stub | undefined>)[options.globalName ?? 'tracker'] ??= { q: [] })
  // Something without a queue is no stub but the site's own.
  const calls = stub.q?.splice(0)
  const tracker = startTracker(calls?.find(([name]) => name === 'init')?.[1] as TrackerOptions)
  if (!calls) return
  // The stub stays the same object, so that nobody holds an old one.
  Object.assign(stub, tracker)
  for (const [name, ...args] of calls) (stub as unknown as Methods)[name as string]?.(...args)
})
