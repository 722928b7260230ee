import type { Output } from '../command.js'
import { count, duration } from '../in-words.js'

export interface Step {
  doneBytes: number
  totalBytes: number
  taken: number
  refused: number
}

export interface ProgressBar {
  /** Shows how far it is; cheap to call often. */
  show(step: Step): void
  /** Takes the bar off the screen, so that a line can be written; the next `show()` brings it back. */
  clear(): void
}

const WIDTH = 30
const REDRAW_EVERY_MS = 100
const LINE_EVERY_MS = 10_000

/** A bar on a terminal; elsewhere a plain line every ten seconds. */
export function progressBar(output: Output, now: () => number): ProgressBar {
  const onTerminal = output.isTTY === true
  const startedAtMs = now()
  let shownAtMs = onTerminal ? -Infinity : startedAtMs
  let visible = false

  return {
    show(step) {
      if (now() - shownAtMs < (onTerminal ? REDRAW_EVERY_MS : LINE_EVERY_MS)) return
      shownAtMs = now()
      const text = inWords(step, now() - startedAtMs)
      output.write(onTerminal ? `\r\u001b[K${bar(step)} ${text}`.slice(0, (output.columns ?? 80) + 4) : `${text}\n`)
      visible = onTerminal
    },
    clear() {
      if (visible) output.write('\r\u001b[K')
      visible = false
      shownAtMs = onTerminal ? -Infinity : shownAtMs
    },
  }
}

function share({ doneBytes, totalBytes }: Step): number {
  return totalBytes === 0 ? 1 : Math.min(1, doneBytes / totalBytes)
}

function bar(step: Step): string {
  const full = Math.round(share(step) * WIDTH)
  return `[${'='.repeat(full)}${' '.repeat(WIDTH - full)}]`
}

function inWords(step: Step, passedMs: number): string {
  const done = share(step)
  const left = done > 0.02 && done < 1 ? `, ${duration((passedMs / done) * (1 - done))} left` : ''
  const refused = step.refused > 0 ? `, ${count(step.refused)} refused` : ''
  return `${Math.floor(done * 100)} %, ${count(step.taken)} taken${refused}${left}`
}
