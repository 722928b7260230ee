import type { Logger } from 'pino'
import { EXIT_CODE, type ExitCode } from './exit-code.js'
import { onSignals, type EventSource } from './signals.js'

export interface RunningProcess {
  /** Finishes what is under way, within its own grace time. */
  stop: () => Promise<void>
  /** Reads again what can be exchanged while it runs. */
  reload: () => void
  log: Pick<Logger, 'info' | 'fatal'>
}

/**
 * Waits until the process is told to stop, and stops it: at leisure at the first signal, at once at the second.
 *
 * An error that nobody caught ends the process too, after it has been logged: what state it left behind nobody knows, and
 * what was acknowledged is safe on disk.
 *
 * @returns the exit code
 */
export function runUntilStopped(
  { stop, reload, log }: RunningProcess,
  source: EventSource = process,
): Promise<ExitCode> {
  return new Promise((resolve) => {
    let ending = false
    const end = async (code: ExitCode) => {
      if (ending) return
      ending = true
      try {
        await stop()
      } catch (error) {
        log.fatal({ event: 'process.stop_failed', ...plain(error) }, 'could not stop in order; nothing is lost')
        code = EXIT_CODE.software
      }
      quiet()
      source.off('uncaughtException', onError)
      source.off('unhandledRejection', onError)
      log.info({ event: 'process.stopped' }, 'stopped')
      resolve(code)
    }
    const onError = (error: unknown) => {
      log.fatal({ event: 'process.failed', ...plain(error) }, 'an error that nobody expected; stopping')
      void end(EXIT_CODE.software)
    }
    const quiet = onSignals(
      {
        stop(signal) {
          log.info({ event: 'process.stopping', signal }, 'stopping; a second signal stops at once')
          void end(EXIT_CODE.ok)
        },
        stopNow: (signal) => process.exit(signal === 'SIGINT' ? 130 : 143),
        reload,
      },
      source,
    )
    source.on('uncaughtException', onError)
    source.on('unhandledRejection', onError)
  })
}

/** Errors of libraries carry requests and options along, with headers and tokens in them: only this much is logged. */
function plain(error: unknown): object {
  if (!(error instanceof Error)) return { error: typeof error }
  const { name, message, stack } = error
  return { err: { type: name, message, stack } }
}
