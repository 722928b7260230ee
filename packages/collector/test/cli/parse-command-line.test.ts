import { describe, expect, it } from 'vitest'
import type { Command } from '../../src/cli/command.js'
import { commandHelp, familyHelp, overview } from '../../src/cli/help.js'
import { parseCommandLine } from '../../src/cli/parse-command-line.js'

const command = (name: string, more: Partial<Command> = {}): Command => ({
  name,
  summary: `Does ${name}.`,
  run: () => Promise.resolve(0),
  ...more,
})

const COMMANDS = [
  command('start', { options: { site: { value: 'DIR', help: 'A folder.' }, json: { help: 'Print JSON.' } } }),
  command('send', { positionals: ['FILE'] }),
  command('dead-letters list'),
  command('dead-letters drop'),
  command('sandbox', { passThrough: true }),
]

const parse = (...argv: string[]) => parseCommandLine(argv, COMMANDS)

describe('parseCommandLine()', () => {
  it('reads options with and without a value, in any order', () => {
    const asked = parse('start', '--json', '--site', 'shop')

    expect(asked).toMatchObject({ kind: 'run', command: { name: 'start' }, args: { values: { site: 'shop' } } })
    expect(asked.kind === 'run' && asked.args.switches).toEqual(new Set(['json']))
  })

  it('finds commands of two words', () => {
    expect(parse('dead-letters', 'drop')).toMatchObject({ kind: 'run', command: { name: 'dead-letters drop' } })
  })

  it.each([
    [['start', '--help'], 'start'],
    [['start', '-h'], 'start'],
    [['help', 'start'], 'start'],
    [['help', 'dead-letters', 'list'], 'dead-letters list'],
  ])('shows the help of one command: %j', (argv, name) => {
    expect(parse(...argv)).toMatchObject({ kind: 'help', command: { name } })
  })

  it.each([[[]], [['--help']], [['-h']], [['help']]])('shows the overview: %j', (argv) => {
    const asked = parse(...argv)

    expect(asked).toEqual({ kind: 'help' })
  })

  it.each([[['dead-letters', '--help']], [['dead-letters', '-h']], [['help', 'dead-letters']]])(
    'shows what begins with the same word: %j',
    (argv) => {
      const asked = parse(...argv)

      expect(asked).toMatchObject({ kind: 'family_help', word: 'dead-letters' })
      expect(asked.kind === 'family_help' && familyHelp(asked.word, asked.family)).toMatch(
        /dead-letters list +Does dead-letters list\..*\n.*dead-letters drop/,
      )
    },
  )

  it.each([['--version'], ['-v']])('tells the version: %s', (word) => {
    expect(parse(word)).toEqual({ kind: 'version' })
  })

  it.each([
    [['strat'], 'There is no command "strat"; did you mean start?'],
    [['nothing-like-it'], 'There is no command "nothing-like-it".'],
    [['dead-letters'], 'Say which: dead-letters list, dead-letters drop.'],
    [['dead-letters', 'bury', '--help'], 'Say which: dead-letters list, dead-letters drop.'],
    [['dead-letters', 'bury'], 'Say which: dead-letters list, dead-letters drop.'],
    [['--json'], 'Say which command.'],
    [['start', '--sites', 'x'], 'There is no option --sites; did you mean --site?'],
    [['start', '--colour'], 'There is no option --colour.'],
    [['send'], 'FILE is missing.'],
    [['send', 'a', 'b'], 'Do not know what to do with "b".'],
  ])('says what is wrong with %j', (argv, message) => {
    expect(parse(...argv)).toMatchObject({ kind: 'mistake', message })
  })

  it('says so when an option lacks its value', () => {
    expect(parse('start', '--site')).toMatchObject({
      kind: 'mistake',
      message: expect.stringContaining('--site') as string,
    })
  })

  it('hands everything to a command that reads its own words', () => {
    const asked = parse('sandbox', '--help', '--port', '9')

    expect(asked).toMatchObject({ kind: 'run', args: { positionals: ['--help', '--port', '9'] } })
  })
})

describe('help', () => {
  it('names every command with what it does, and every exit code', () => {
    const page = overview(COMMANDS)

    for (const { name, summary } of COMMANDS) expect(page).toMatch(new RegExp(`  ${name}.*${summary}`))
    for (const code of ['0', '1', '2', '69', '70', '75', '78'])
      expect(page).toMatch(new RegExp(`^  ${code}\\s+\\S`, 'm'))
  })

  it('names every option of a command, and --help', () => {
    const page = commandHelp(COMMANDS[0] as Command)

    expect(page).toMatch(/^ {2}--site DIR {2}A folder\.$/m)
    expect(page).toMatch(/^ {2}--json {6}Print JSON\.$/m)
    expect(page).toMatch(/^ {2}--help {6}Show this\.$/m)
  })
})
