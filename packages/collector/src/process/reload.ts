import type { Logger } from 'pino'
import { SettingsError } from '../errors.js'
import type { ReloadablePixels } from '../pixels.js'

/** So often files with tokens are looked at: an orchestrator exchanges them without a signal. */
const EVERY_MS = 60_000

export interface Reloading {
  /** Reads the pixels and their tokens again, and says what came of it: for SIGHUP. */
  now: () => void
  stop: () => void
}

/**
 * Exchanges pixels and tokens while the process runs: when told to, and by itself when a file has changed.
 *
 * Wrong settings are named, once, and those before stay in force.
 */
export function startReloading(pixels: ReloadablePixels, log: Logger, everyMs = EVERY_MS): Reloading {
  let named = ''

  function reload(asked: boolean): void {
    try {
      const changed = pixels.reload()
      named = ''
      if (!changed && !asked) return
      const message = changed ? 'pixels and tokens exchanged' : 'pixels and tokens are as before'
      log.info({ event: 'settings.reloaded', changed }, message)
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error
      const { problems } = error
      if (!asked && named === problems.join()) return
      named = problems.join()
      log.error({ event: 'settings.refused', problems }, 'the settings are wrong; going on with those before')
    }
  }

  const timer = setInterval(() => reload(false), everyMs).unref()
  return {
    now: () => reload(true),
    stop: () => clearInterval(timer),
  }
}
