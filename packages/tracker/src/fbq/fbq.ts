/**
 * What Meta's `fbq` looks like from outside, as far as the tracker touches it.
 *
 * @see https://developers.facebook.com/documentation/meta-pixel/get-started
 */
export interface Fbq {
  (...args: unknown[]): unknown
  /** Missing until `fbevents.js` has arrived; pages use its presence as "loaded". */
  callMethod?: AnyFunction | undefined
  /** Calls that wait: for the library before it arrives, for its own locks afterwards. */
  queue?: Iterable<unknown>[] | undefined
  push?: unknown
  loaded?: boolean
  version?: string
  /** Switches the pixel's own page views of single-page routes off, if set before its first event. */
  disablePushState?: boolean
  allowDuplicatePageViews?: boolean
  getState?: () => { pixels: { id: string; eventCount?: number; userData?: unknown }[] }
  getFbeventsModules?: (name: string) => unknown
}

export type AnyFunction = (this: unknown, ...args: unknown[]) => unknown

declare global {
  interface Window {
    fbq?: Fbq | undefined
    _fbq?: Fbq | undefined
  }
}
