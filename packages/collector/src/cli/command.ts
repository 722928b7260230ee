import type { Environment } from '../settings/given.js'
import type { ExitCode } from '../process/exit-code.js'

/** Where a command reads and writes. A test passes plain objects. */
export interface Terminal {
  env: Environment
  stdout: Output
  stderr: Output
}

/** As much of a stream as a command uses. `columns` and `isTTY` are there only when it is a terminal. */
export interface Output {
  write(text: string): unknown
  isTTY?: boolean
  columns?: number
}

/** One option, as `--help` shows it and `parseArgs()` reads it. */
export interface Option {
  /** What stands for its value in the help; without it the option is a switch. */
  value?: string
  /** What it is for, in one line; its default included. */
  help: string
}

export interface Command {
  /** One word or two: `start`, `dead-letters list`. */
  name: string
  /** What it does, in one line. */
  summary: string
  /** The file names and the like that stand after it, each required. Example: `['FILE']`. */
  positionals?: readonly string[]
  options?: Readonly<Record<string, Option>>
  /** All that stands after its name goes to `run` as it is: the command reads it, `--help` too. */
  passThrough?: true
  /** What `--help` adds: how it behaves, an example. */
  details?: string
  run(args: Args, terminal: Terminal): Promise<ExitCode>
}

/** What was given on the command line. An option that was not given is not there. */
export interface Args {
  positionals: readonly string[]
  /** Values of options that take one. */
  values: Readonly<Record<string, string | undefined>>
  /** Options without a value that were given. */
  switches: ReadonlySet<string>
}
