/**
 * What the tracker keeps in the page's `localStorage`, which may be blocked, full, or full of somebody else's things.
 *
 * Ours begin with one prefix, and none of them holds personal data: `store` leaves that out.
 */
import { attempt } from './report.js'
import { PREFIX } from './prefix.js'

/** The most that one of our entries may hold, in characters. */
const MAX_LENGTH = 8_192

/** Stores a value, without what it says of visitors, and with addresses without their query; returns something true if it did. */
export const store = (name: string, value: unknown): unknown =>
  attempt(() => {
    const text = JSON.stringify(value, (key, part) =>
      key === 'user_data' ? undefined : /_url$/.test(key) ? String(part).split(/[?#]/)[0] : (part as unknown),
    )
    return text.length < MAX_LENGTH && (localStorage[PREFIX + name] = text)
  })

/** What is stored under a name. */
export const stored = <T>(name: string): T | undefined =>
  attempt(() => JSON.parse((localStorage[PREFIX + name] as string) || 'null') as T)

/** Forgets what is stored under a name. */
export const forget = (name: string) => attempt(() => delete localStorage[PREFIX + name])

/** Takes away everything whose name begins so, for somebody to use. */
export const takeStored = <T>(name: string, use: (value: T) => void): void => {
  attempt(() => {
    for (const key in localStorage) {
      if (key.startsWith(PREFIX + name)) {
        const text = localStorage[key] as string
        delete localStorage[key]
        use(JSON.parse(text) as T)
      }
    }
  })
}
