/**
 * Finds the bad events of a batch that Meta refused as a whole, with few requests.
 *
 * A batch is searched from its start: of a part that holds a bad event the first half is sent. Accepted means that the bad
 * one is in the second half, which need not be sent to know it; refused means that nothing is known of the second half, which
 * goes back to the rest. When an event was refused alone it is the bad one, and the rest goes on in one piece. That finds one
 * bad event among 1,000 with at most 14 requests, where sending both halves each time takes 21.
 *
 * Where many are bad, the pieces taken from the rest shrink with each find and grow with each acceptance, down to single
 * events: a batch of nothing but garbage costs about a request an event.
 *
 * Pure: each step makes a new search. Nothing of it survives a crash, and nothing needs to: what is not settled is sent again.
 */
export interface Search {
  /** Positions of which at least one is bad. */
  readonly suspects: readonly number[]
  /** Positions of which nothing is known yet. */
  readonly rest: readonly number[]
  /** How much of the rest is sent at once. */
  readonly piece: number
  /** The position that Meta seemed to mean: sent alone before anything else. */
  readonly hint?: number
  /** A hint was wrong: the next ones are not listened to. */
  readonly deaf?: boolean
}

/** Nothing sent yet: the first step sends all, or a smaller piece. */
export function startSearch(count: number, piece = count): Search {
  return { suspects: [], rest: [...Array(count).keys()], piece }
}

/** The positions to send next, in order; `undefined` when the fate of each is known. */
export function nextToSend({ hint, suspects, rest, piece }: Search): readonly number[] | undefined {
  if (hint !== undefined) return [hint]
  if (suspects.length > 0) return suspects.slice(0, Math.ceil(suspects.length / 2))
  return rest.length > 0 ? rest.slice(0, piece) : undefined
}

/** What `nextToSend()` named was accepted. */
export function afterAccepted(search: Search): Search {
  const { hint, suspects, rest, piece } = search
  if (hint !== undefined) {
    return { suspects: suspects.filter((position) => position !== hint), rest, piece, deaf: true }
  }
  const sent = nextToSend(search)?.length ?? 0
  if (suspects.length > 0) return { ...search, suspects: suspects.slice(sent) }
  return { ...search, rest: rest.slice(sent), piece: piece * 2 }
}

/**
 * What `nextToSend()` named was refused. If it was one event, it is bad and leaves the search.
 *
 * @param hinted which one Meta seems to mean, as a position within what was sent
 */
export function afterRefused(search: Search, hinted?: number): Search {
  const { hint, suspects, rest, piece, deaf = false } = search
  const sent = nextToSend(search) ?? []

  if (hint !== undefined) {
    return { suspects: [], rest: [...suspects.filter((position) => position !== hint), ...rest], piece, deaf }
  }
  const fromSuspects = suspects.length > 0
  const unknown = fromSuspects ? [...suspects.slice(sent.length), ...rest] : rest.slice(sent.length)
  if (sent.length === 1) return { suspects: [], rest: unknown, piece: Math.max(1, piece >> 1), deaf }

  const found = hinted === undefined || deaf ? undefined : sent[hinted]
  return { suspects: sent, rest: unknown, piece, deaf, ...(found !== undefined && { hint: found }) }
}
