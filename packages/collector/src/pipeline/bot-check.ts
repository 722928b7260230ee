import { isbot } from 'isbot'

/** How many user agents are remembered. A site's visitors share a few thousand. */
const MAX_REMEMBERED = 5_000

/**
 * Tells robots by their user agent. A look costs microseconds, so answers are remembered; the oldest are forgotten first.
 *
 * @param check the real check, `isbot` unless a test says otherwise
 */
export function createBotCheck(check: (userAgent: string) => boolean = isbot): (userAgent: string) => boolean {
  const remembered = new Map<string, boolean>()
  return (userAgent) => {
    const known = remembered.get(userAgent)
    if (known !== undefined) return known
    const answer = check(userAgent)
    if (remembered.size >= MAX_REMEMBERED) remembered.delete(remembered.keys().next().value as string)
    remembered.set(userAgent, answer)
    return answer
  }
}
