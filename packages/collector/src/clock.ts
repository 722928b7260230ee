/** The time in milliseconds since the epoch. A parameter wherever time matters, so that a test can say what time it is. */
export type Now = () => number

export const systemClock: Now = () => Date.now()
