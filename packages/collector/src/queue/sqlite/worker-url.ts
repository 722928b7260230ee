import { existsSync } from 'node:fs'

/**
 * Where the built thread is. A thread cannot run TypeScript: it is an entry of its own in the build, beside whatever this was built
 * into; run from the sources, it is what was built last.
 */
export function workerUrl(here: string = import.meta.url): URL {
  const beside = new URL('./sqlite-worker.js', here)
  return existsSync(beside) ? beside : new URL('../../../dist/sqlite-worker.js', here)
}
