/** What was waited for did not come. */
export class NotArrivedError extends Error {
  override name = 'NotArrivedError'
  readonly code = 'NOT_ARRIVED'
}

/** `behave()` was given something that is no behaviour. */
export class InvalidBehaviourError extends Error {
  override name = 'InvalidBehaviourError'
  readonly code = 'INVALID_BEHAVIOUR'
}

/** `start()` was called twice. */
export class AlreadyRunningError extends Error {
  override name = 'AlreadyRunningError'
  readonly code = 'ALREADY_RUNNING'
}
