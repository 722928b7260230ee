/** What Meta's answer (or its absence) means for the batch that was sent. Decided by one table, `classify()`. */
export type Outcome =
  | { kind: 'accepted'; fbtraceId?: string }
  /** Not now. The whole lane waits: `afterMs` if Meta says so, else backoff. `ambiguous`: Meta may have taken it. */
  | { kind: 'retry'; cause: string; afterMs?: number; ambiguous: boolean }
  /**
   * At least one event in it is bad: bisect until it is alone. `hint`: which one Meta seems to mean, tried first.
   * `triesAlone`: how often it must be refused alone before it is believed (default 1); more where the code is not known.
   */
  | { kind: 'split'; cause: string; reason: MetaError; hint?: number; triesAlone?: number }
  /** Nothing is wrong with the events: token, permission, wrong pixel. Keep all, alarm, probe now and then. */
  | { kind: 'park'; cause: string; reason: MetaError }

/** Meta's error envelope, cut to what may be logged. @see https://developers.facebook.com/docs/graph-api/guides/error-handling */
export interface MetaError {
  code?: number
  subcode?: number
  message: string
  fbtraceId?: string
}
