import { EXIT_CODE_MEANING } from '../process/exit-code.js'
import type { Command, Option } from './command.js'

const HELP: Option = { help: 'Show this.' }

/** The page that `pixel-mirror --help` shows. */
export function overview(commands: readonly Command[]): string {
  return [
    'Usage: pixel-mirror COMMAND [OPTIONS]',
    '',
    'Gives Meta a server copy of your pixel’s events, counted once, and never loses one.',
    '',
    'Commands:',
    ...columns(commands.map((command) => [usage(command), command.summary])),
    '',
    '  pixel-mirror COMMAND --help says more.',
    '',
    'Settings come from the environment or pixel-mirror.config.json. The usual ones:',
    ...columns([
      ['META_PIXEL_ID', 'your pixel (Events Manager: dataset)'],
      ['META_ACCESS_TOKEN', 'its Conversions API token; without it a built-in sandbox stands in for Meta'],
      ['ALLOWED_ORIGINS', 'whose pages may send: https://shop.example.com'],
      ['PORT, ADMIN_PORT', 'where to listen: 8080; inspector and metrics: 8081'],
      ['QUEUE_URL', 'where events wait: sqlite:./data/queue.db'],
    ]),
    '',
    'Exit codes:',
    ...columns(Object.entries(EXIT_CODE_MEANING)),
    '',
  ].join('\n')
}

/** The page of commands that begin with the same word: `pixel-mirror queue --help`. */
export function familyHelp(word: string, family: readonly Command[]): string {
  return [
    `Usage: pixel-mirror ${word} COMMAND [OPTIONS]`,
    '',
    'Commands:',
    ...columns(family.map((command) => [usage(command), command.summary])),
    '',
    `  pixel-mirror ${word} COMMAND --help says more.`,
    '',
  ].join('\n')
}

/** The page of one command. */
export function commandHelp(command: Command): string {
  const options = { ...command.options, help: HELP }
  return [
    `Usage: pixel-mirror ${usage(command)} [OPTIONS]`,
    '',
    command.summary,
    ...(command.details ? ['', command.details] : []),
    '',
    'Options:',
    ...columns(
      Object.entries(options).map(([name, { value, help }]) => [`--${name}${value ? ` ${value}` : ''}`, help]),
    ),
    '',
  ].join('\n')
}

function usage({ name, positionals = [] }: Command): string {
  return [name, ...positionals].join(' ')
}

/** Two columns; the first as wide as it must be. */
function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
}
