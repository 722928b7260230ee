import { existsSync } from 'node:fs'

/** Where something is that only the build makes: beside whatever this was built into; run from the sources, what was built last. */
export function builtUrl(name: string, here: string = import.meta.url): URL {
  const beside = new URL(`./${name}`, here)
  return existsSync(beside) ? beside : new URL(`../../dist/${name}`, here)
}
