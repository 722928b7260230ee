import type { EventEmitter } from 'node:events'

/** What a process does when it is told to stop or to read its settings again. */
export interface SignalHandlers {
  /** SIGTERM and SIGINT, the first time: finish, at leisure. */
  stop(signal: NodeJS.Signals): void
  /** The second time: whoever asks twice does not want to wait. */
  stopNow(signal: NodeJS.Signals): void
  /** SIGHUP. */
  reload(): void
}

/** As much of `process` as is needed, so that a test can pass an `EventEmitter` of its own. */
export type EventSource = Pick<EventEmitter, 'on' | 'off'>

/**
 * Listens for signals; the only place that does.
 *
 * @returns the function that ends it
 */
export function onSignals(handlers: SignalHandlers, source: EventSource = process): () => void {
  let askedBefore = false
  const stop = (signal: NodeJS.Signals) => {
    if (askedBefore) handlers.stopNow(signal)
    else handlers.stop(signal)
    askedBefore = true
  }
  const reload = () => handlers.reload()
  source.on('SIGTERM', stop)
  source.on('SIGINT', stop)
  source.on('SIGHUP', reload)
  return () => {
    source.off('SIGTERM', stop)
    source.off('SIGINT', stop)
    source.off('SIGHUP', reload)
  }
}
