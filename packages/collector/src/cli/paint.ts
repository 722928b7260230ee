import type { Output, Terminal } from './command.js'

const CODES = { green: 32, yellow: 33, red: 31, dim: 2, bold: 1 } as const

export type Paint = (colour: keyof typeof CODES, text: string) => string

/**
 * Colours for a terminal; plain text for a file, a pipe, `CI` and `NO_COLOR`.
 *
 * @see https://no-color.org
 */
export function painter(output: Output, env: Terminal['env']): Paint {
  const colours = output.isTTY === true && !env['NO_COLOR'] && !env['CI'] && env['TERM'] !== 'dumb'
  return (colour, text) => (colours ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text)
}
