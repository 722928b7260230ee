/**
 * A new event id: 52 random bits in base 36, and the time in milliseconds; beyond chance of meeting another one.
 *
 * `crypto.randomUUID` is missing on plain http pages, and nothing here needs to be unguessable.
 */
export const newEventId = (): string => Math.random().toString(36).slice(2) + Date.now()
