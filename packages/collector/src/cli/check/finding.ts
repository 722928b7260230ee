import type { Settings } from '../../settings.js'

/** One line of the doctor's report. */
export interface Finding {
  /** What was looked at: `disk`, `clock`. */
  about: string
  /** `skipped`: it could not be looked at, or does not apply. */
  state: 'ok' | 'warning' | 'failed' | 'skipped'
  /** What was found, in one sentence. */
  says: string
  /** What to do about it. Every failure and every warning says so. */
  mend?: string
}

/** What the checks may use; the world comes in here. */
export interface CheckContext {
  settings: Settings
  fetch: typeof fetch
  now: () => number
  /** Where visitors reach the collector, without a slash at its end; `undefined` when it was not said. */
  publicUrl?: string
  /** With it, one real event per pixel is sent to Test Events. */
  testEventCode?: string
}

/** Looks at one thing; finds nothing (does not apply), one thing or several. */
export type Check = (context: CheckContext) => Promise<Finding[]> | Finding[]

/** The findings about one thing, in short. */
export function about(subject: string) {
  return {
    ok: (says: string): Finding => ({ about: subject, state: 'ok', says }),
    skipped: (says: string): Finding => ({ about: subject, state: 'skipped', says }),
    warning: (says: string, mend: string): Finding => ({ about: subject, state: 'warning', says, mend }),
    failed: (says: string, mend: string): Finding => ({ about: subject, state: 'failed', says, mend }),
  }
}
