import { loadSandbox } from '../start/load-sandbox.js'
import { onSignals } from '../../process/signals.js'
import { EXIT_CODE, type ExitCode } from '../../process/exit-code.js'
import type { Command } from '../command.js'

export const sandbox: Command = {
  name: 'sandbox',
  passThrough: true,
  summary: 'Run a local stand-in for Meta that is as strict, and misbehaves on demand.',
  async run({ positionals }, { stdout, stderr }) {
    const { runSandbox } = await loadSandbox()
    const stop = new AbortController()
    const quiet = onSignals({
      stop: () => stop.abort(),
      stopNow: () => process.exit(EXIT_CODE.ok),
      reload: () => undefined,
    })
    try {
      const code = await runSandbox(positionals, {
        signal: stop.signal,
        print: (text) => void stdout.write(text),
        complain: (text) => void stderr.write(text),
      })
      return EXIT_CODE_OF[code] ?? EXIT_CODE.software
    } finally {
      quiet()
    }
  },
}

/** The sandbox's own exit codes in those of this command. */
const EXIT_CODE_OF: Readonly<Record<number, ExitCode>> = {
  0: EXIT_CODE.ok,
  1: EXIT_CODE.unavailable,
  64: EXIT_CODE.usage,
}
