/** Whether a collector may join those that use a queue already. */

export interface Member {
  /** Its host, process and a random part. */
  id: string
  /** Nothing for a command, which has none. */
  pixels: readonly string[]
}

export interface Newcomer {
  pixelIds: readonly string[]
  /** Nobody else may be there. */
  alone: boolean
  /** How long after its last sign a member counts as alive, in milliseconds. */
  aliveMs: number
  /** What they share, and how to have one's own: for the message. */
  shared: string
  remedy: string
}

/** Why not, in words for whoever starts it; `undefined` when it may. */
export function unwelcomeBecause(
  others: readonly Member[],
  { pixelIds, alone, aliveMs, shared, remedy }: Newcomer,
): string | undefined {
  if (alone && others.length > 0) {
    return `The queue is in use by ${others.map(({ id }) => id).join(', ')}. Stop every collector on it first; one that died is forgotten within ${aliveMs / 1_000} s.`
  }
  if (pixelIds.length === 0) return undefined
  const stranger = others.find(({ pixels }) => pixels.length > 0 && !pixels.some((id) => pixelIds.includes(id)))
  return (
    stranger && `Another cluster uses ${shared}: the collector ${stranger.id} has other pixels. Give this one ${remedy}`
  )
}
