/**
 * A new event id: 96 random bits in base 36. Short, because it travels twice, and beyond chance of meeting another one.
 *
 * `crypto.randomUUID` is missing on plain http pages; `getRandomValues` is everywhere.
 */
export const newEventId = (): string =>
  Array.from(crypto.getRandomValues(new Uint32Array(3)), (word) => word.toString(36)).join('')
