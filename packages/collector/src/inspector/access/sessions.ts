import { createHash, randomBytes } from 'node:crypto'

/** Idle for so long, and one has to sign in again. */
const IDLE_MS = 12 * 3_600_000
const SESSIONS_AT_MOST = 100

/** Who has signed in. Lives in memory: a restart signs everyone out. */
export interface Sessions {
  /** Begins one; returns the token for the cookie. */
  begin(): string
  /** Is this token's session alive? Keeps it alive. */
  has(token: string | undefined): boolean
  /** The same, and does nothing for its life. */
  lasts(token: string | undefined): boolean
  end(token: string | undefined): void
}

export function createSessions(now: () => number): Sessions {
  // By the token's digest: neither a heap dump nor the timing of a lookup gives a token away.
  const usedAtMs = new Map<string, number>()
  const digest = (token: string) => createHash('sha256').update(token).digest('base64')

  const isFresh = (used: number | undefined) => used !== undefined && now() - used <= IDLE_MS

  return {
    begin() {
      const token = randomBytes(32).toString('base64url')
      if (usedAtMs.size >= SESSIONS_AT_MOST) {
        const oldest = usedAtMs.keys().next().value
        if (oldest !== undefined) usedAtMs.delete(oldest)
      }
      usedAtMs.set(digest(token), now())
      return token
    },
    has(token) {
      if (token === undefined) return false
      const key = digest(token)
      const used = usedAtMs.get(key)
      usedAtMs.delete(key)
      if (!isFresh(used)) return false
      usedAtMs.set(key, now())
      return true
    },
    lasts: (token) => token !== undefined && isFresh(usedAtMs.get(digest(token))),
    end(token) {
      if (token !== undefined) usedAtMs.delete(digest(token))
    },
  }
}
