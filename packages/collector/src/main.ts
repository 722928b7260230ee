import { commandHelp, familyHelp, overview } from './cli/help.js'
import { COMMANDS } from './cli/commands.js'
import { parseCommandLine } from './cli/parse-command-line.js'
import { CollectorError } from './errors.js'
import { EXIT_CODE, type ExitCode } from './process/exit-code.js'
import type { Terminal } from './cli/command.js'
import { packageVersion } from './version.js'

/** Errors that are no mistake of the program: their sentence is for people, and says what to do. */
const EXIT_CODE_OF: Readonly<Record<string, ExitCode>> = {
  SETTINGS: EXIT_CODE.settings,
  QUEUE_IN_USE: EXIT_CODE.unavailable,
  QUEUE_UNAVAILABLE: EXIT_CODE.unavailable,
  PORT_TAKEN: EXIT_CODE.unavailable,
  NO_ANSWER: EXIT_CODE.unavailable,
}

/**
 * The command line `pixel-mirror`.
 *
 * @param argv what stands after the command: `['start', '--site', 'shop']`
 * @returns the exit code; nothing here ends the process
 */
export async function main(argv: readonly string[], terminal: Partial<Terminal> = {}): Promise<ExitCode> {
  const { env = process.env, stdout = process.stdout, stderr = process.stderr } = terminal
  const asked = parseCommandLine(argv, COMMANDS)
  switch (asked.kind) {
    case 'help':
      stdout.write(asked.command ? commandHelp(asked.command) : overview(COMMANDS))
      return EXIT_CODE.ok
    case 'family_help':
      stdout.write(familyHelp(asked.word, asked.family))
      return EXIT_CODE.ok
    case 'version':
      stdout.write(`${packageVersion()}\n`)
      return EXIT_CODE.ok
    case 'mistake':
      stderr.write(`${asked.message}\nTry: pixel-mirror ${asked.command ? `${asked.command.name} ` : ''}--help\n`)
      return EXIT_CODE.usage
    case 'run':
      try {
        return await asked.command.run(asked.args, { env, stdout, stderr })
      } catch (error) {
        return fail(error, stderr)
      }
  }
}

function fail(error: unknown, stderr: Terminal['stderr']): ExitCode {
  const expected = error instanceof CollectorError ? EXIT_CODE_OF[error.code] : undefined
  if (expected !== undefined) {
    stderr.write(`${(error as Error).message}\n`)
    return expected
  }
  stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  return EXIT_CODE.software
}
