/**
 * A new event id: twice 52 random bits in base 36, beyond chance of meeting another one.
 *
 * `crypto.randomUUID` is missing on plain http pages, and nothing here needs to be unguessable.
 */
export const newEventId = (): string => random() + random()

const random = () => Math.random().toString(36).slice(2)
