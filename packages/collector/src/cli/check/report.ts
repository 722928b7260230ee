import type { Output } from '../command.js'
import type { Paint } from '../paint.js'
import type { Finding } from './finding.js'

const MARKS = {
  ok: ['green', 'ok    '],
  warning: ['yellow', 'warn  '],
  failed: ['red', 'FAIL  '],
  skipped: ['dim', 'skip  '],
} as const

const INDENT = ' '.repeat(23)

/** One line a finding, and below it what to do. */
export function writeFinding({ state, about, says, mend }: Finding, output: Output, paint: Paint): void {
  const [colour, mark] = MARKS[state]
  output.write(`${paint(colour, mark)}${about.padEnd(16)} ${says}\n`)
  if (mend !== undefined) output.write(`${INDENT}${paint('bold', `→ ${mend}`)}\n`)
}
