import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** The tracker as it is served; `undefined` where it has not been built or is not installed. */
export function trackerScript(): Buffer | undefined {
  try {
    return readFileSync(createRequire(import.meta.url).resolve('@pixel-mirror/tracker/tracker.js'))
  } catch {
    // Its path is then not served, and whoever asks gets a 404 that says so.
    return undefined
  }
}
