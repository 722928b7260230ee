import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'

/** A process under test: what it printed, and ways to end it. */
export interface Child {
  pid: number
  /** Everything printed so far, both streams. */
  output(): string
  /** Resolves with the first match in what the process prints; rejects when it ends before. */
  printed(pattern: RegExp): Promise<RegExpMatchArray>
  /** Sends a signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals>
  /** The exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals>
}

const PRINTED_WITHIN_MS = 60_000

/** Starts a Node program as a process of its own, with nothing of this process's environment but `PATH`. */
export function startNode(
  script: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Child {
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, [script, ...args], {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'], NO_COLOR: '1', ...options.env },
  })
  let output = ''
  let over = false
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      over = true
      resolve(signal ?? code ?? 0)
    })
  })

  return {
    pid: child.pid ?? 0,
    output: () => output,
    ended,
    async printed(pattern) {
      const givenUpAtMs = Date.now() + PRINTED_WITHIN_MS
      for (;;) {
        const match = output.match(pattern)
        if (match) return match
        if (over) throw new Error(`The process ended before it printed ${pattern}:\n${output}`)
        if (Date.now() > givenUpAtMs) throw new Error(`The process did not print ${pattern}:\n${output}`)
        await wait(20)
      }
    },
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      return ended
    },
  }
}

/** Waits until `look` gives something, looking again and again; the error names what was waited for. */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs = 30_000,
): Promise<T> {
  const givenUpAtMs = Date.now() + withinMs
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (Date.now() > givenUpAtMs) throw new Error(`Waited in vain for ${what}.`)
    await wait(25)
  }
}
