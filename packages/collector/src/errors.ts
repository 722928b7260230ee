/**
 * Everything that can go wrong in the collector, in one place: read it as the list.
 *
 * Each has a `code` for machines and a message that says what, where and what to do; neither holds personal data or tokens.
 * What is expected (Meta refuses a batch, an event is invalid) is not here: those are values.
 */
export class CollectorError extends Error {
  override name = 'CollectorError'
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Settings are wrong. All problems at once; the process must not start (exit code 78). */
export class SettingsError extends CollectorError {
  override name = 'SettingsError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super('SETTINGS', ['The settings are not right:', ...problems.map((problem) => `  - ${problem}`)].join('\n'))
    this.problems = problems
  }
}

/** The queue has reached its bound, or the disk is full. Ask again later; nothing was taken. */
export class QueueFullError extends CollectorError {
  override name = 'QueueFullError'
  constructor(message = 'The queue is full.', options?: ErrorOptions) {
    super('QUEUE_FULL', message, options)
  }
}

/** The queue's storage cannot be reached or refuses to write. Ask again later; nothing was taken. */
export class QueueUnavailableError extends CollectorError {
  override name = 'QueueUnavailableError'
  constructor(message: string, options?: ErrorOptions) {
    super('QUEUE_UNAVAILABLE', message, options)
  }
}

/** Another process uses this queue. */
export class QueueInUseError extends CollectorError {
  override name = 'QueueInUseError'
  constructor(message: string) {
    super('QUEUE_IN_USE', message)
  }
}

/** A lease ended before it was settled: another node has the lane now. What it held will be offered again. */
export class LeaseLostError extends CollectorError {
  override name = 'LeaseLostError'
  constructor(message: string) {
    super('LEASE_LOST', message)
  }
}

/** The address that is to be served is in use, or not ours to use. */
export class PortTakenError extends CollectorError {
  override name = 'PortTakenError'
  constructor(message: string, options?: ErrorOptions) {
    super('PORT_TAKEN', message, options)
  }
}

/** A command wanted to speak with a running collector, and none answers. */
export class NoAnswerError extends CollectorError {
  override name = 'NoAnswerError'
  constructor(message: string, options?: ErrorOptions) {
    super('NO_ANSWER', message, options)
  }
}

/** The inspector's history cannot be read or written. Events are not touched by that. */
export class HistoryError extends CollectorError {
  override name = 'HistoryError'
  constructor(message: string, options?: ErrorOptions) {
    super('HISTORY', message, options)
  }
}
