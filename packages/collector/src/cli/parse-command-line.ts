import { parseArgs } from 'node:util'
import { nearMiss } from '../settings/near-miss.js'
import type { Args, Command } from './command.js'

/** What a command line asks for. */
export type Asked =
  | { kind: 'run'; command: Command; args: Args }
  | { kind: 'help'; command?: Command }
  /** About the commands that begin with the same word. */
  | { kind: 'family_help'; word: string; family: readonly Command[] }
  | { kind: 'version' }
  /** It cannot be understood; `message` says why, and what may have been meant. */
  | { kind: 'mistake'; message: string; command?: Command }

/** Reads a command line by the table of commands. */
export function parseCommandLine(argv: readonly string[], commands: readonly Command[]): Asked {
  const wantsHelp = argv.includes('--help') || argv.includes('-h')
  const words = argv.filter((word, index) => index < 2 && !word.startsWith('-'))
  if (words[0] === 'help') return helpFor(argv.slice(1, 3), commands) ?? { kind: 'help' }
  const { command } = found(commands, words)
  if (command?.passThrough) {
    const positionals = argv.slice(command.name.split(' ').length)
    return { kind: 'run', command, args: { positionals, values: {}, switches: new Set() } }
  }
  if (command) return wantsHelp ? { kind: 'help', command } : readArguments(argv, command)
  if (argv[0] === '--version' || argv[0] === '-v') return { kind: 'version' }
  if (argv.length === 0 || (wantsHelp && argv.length === 1)) return { kind: 'help' }
  const help = wantsHelp && words.length === 1 ? helpFor(words, commands) : undefined
  return help ?? { kind: 'mistake', message: unknownCommand(words, commands) }
}

/** `help queue` and `queue --help`: about one command, or about all that begin with this word. */
function helpFor(words: readonly string[], commands: readonly Command[]): Asked | undefined {
  const { command } = found(commands, words)
  if (command) return { kind: 'help', command }
  const [word = ''] = words
  const family = familyOf(word, commands)
  return family.length > 0 ? { kind: 'family_help', word, family } : undefined
}

function familyOf(word: string, commands: readonly Command[]): Command[] {
  return commands.filter(({ name }) => name.startsWith(`${word} `))
}

/** The command with the longest name that these words begin with. */
function found(commands: readonly Command[], words: readonly string[]): { command?: Command } {
  const command = [words.slice(0, 2).join(' '), words[0]]
    .map((name) => commands.find((candidate) => candidate.name === name))
    .find((candidate) => candidate !== undefined)
  return command ? { command } : {}
}

function readArguments(argv: readonly string[], command: Command): Asked {
  const options = command.options ?? {}
  const given = argv.slice(command.name.split(' ').length)
  try {
    const { values, positionals } = parseArgs({
      args: given,
      allowPositionals: true,
      options: Object.fromEntries(
        Object.entries(options).map(([name, { value }]) => [name, { type: value ? 'string' : 'boolean' } as const]),
      ),
    })
    const wanted = command.positionals ?? []
    if (positionals.length < wanted.length) {
      return { kind: 'mistake', message: `${wanted[positionals.length]} is missing.`, command }
    }
    if (positionals.length > wanted.length) {
      return { kind: 'mistake', message: `Do not know what to do with "${positionals[wanted.length]}".`, command }
    }
    const switches = new Set(Object.keys(values).filter((name) => values[name] === true))
    const texts = Object.fromEntries(Object.entries(values).filter(([, value]) => typeof value === 'string'))
    return { kind: 'run', command, args: { positionals, switches, values: texts as Record<string, string> } }
  } catch (error) {
    return { kind: 'mistake', message: mistakeInOptions(error, given, options), command }
  }
}

function mistakeInOptions(error: unknown, given: readonly string[], options: Readonly<Record<string, object>>): string {
  const names = Object.keys(options)
  const unknown = given
    .filter((word) => word.startsWith('--'))
    .map((word) => word.slice(2).split('=')[0] ?? '')
    .find((name) => !names.includes(name))
  if (unknown !== undefined) return `There is no option --${unknown}${didYouMean(nearMiss(unknown, names), '--')}`
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
}

function unknownCommand(words: readonly string[], commands: readonly Command[]): string {
  if (words[0] === undefined) return 'Say which command.'
  const family = familyOf(words[0], commands)
  if (family.length > 0) {
    return `Say which: ${family.map(({ name }) => name).join(', ')}.`
  }
  const names = [...new Set(commands.map(({ name }) => name.split(' ')[0] ?? ''))]
  return `There is no command "${words[0]}"${didYouMean(nearMiss(words[0], names), '')}`
}

function didYouMean(name: string | undefined, prefix: string): string {
  return name === undefined ? '.' : `; did you mean ${prefix}${name}?`
}
