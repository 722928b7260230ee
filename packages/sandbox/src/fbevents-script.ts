import { readFileSync } from 'node:fs'

/** What the stand-in for Meta's script is made of. `browser/fbevents.js` tells the story. */
const PARTS = ['sha256', 'advanced-matching', 'first-party-cookies', 'hit', 'fbevents']

let script: string | undefined

/** Our stand-in for Meta's `fbevents.js`, as one script that leaves no names behind. Read when first asked for. */
export function fbeventsScript(): string {
  // This file stands in `src/` and is built into `dist/`: `browser/` lies beside both.
  const read = (part: string) => readFileSync(new URL(`../browser/${part}.js`, import.meta.url), 'utf8')
  script ??= `(function () {\n'use strict'\n${PARTS.map(read).join('\n')}\n})()\n`
  return script
}

/** A pixel's configuration, which the script waits for before it sends anything. */
export function configScript(pixelId: string): string {
  return `window.fbq && fbq.instance && fbq.instance.configLoaded('${pixelId}')\n`
}
