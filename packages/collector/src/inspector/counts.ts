/**
 * Numbers by name: how much of what happened in one minute (or hour), to one pixel's events of one name.
 *
 * Names are dotted words, `twin.blocked`, `key.em`, `attempt.retry.throttled`; a new one needs no change of the store.
 * Adding is the only operation, except for names that begin with `max.`, of which the larger stays.
 */
export type Counts = Record<string, number>

/** Names whose values are levels, not amounts. */
const LEVEL = 'max.'

/** Adds `more` to `counts`, in place. */
export function addCounts(counts: Counts, more: Counts): void {
  for (const name in more) {
    const value = more[name] ?? 0
    counts[name] = name.startsWith(LEVEL) ? Math.max(counts[name] ?? 0, value) : (counts[name] ?? 0) + value
  }
}

/**
 * Makes `prefix.word` for words of a short list, each once: putting texts together for every event costs more than counting it.
 * Should the list turn out to be long after all, names are made afresh.
 */
export function names(prefix: string): (word: string) => string {
  const made = new Map<string, string>()
  return (word) => {
    let name = made.get(word)
    if (name === undefined) {
      name = `${prefix}.${word}`
      if (made.size < 500) made.set(word, name)
    }
    return name
  }
}

/** Adds to one number, in place. */
export function count(counts: Counts, name: string, amount = 1): void {
  counts[name] = (counts[name] ?? 0) + amount
}

/** Upper bounds of the classes in which Meta's latency is counted, in milliseconds. The last one has no bound. */
const LATENCY_BOUNDS_MS = [5, 10, 25, 50, 100, 150, 200, 300, 400, 600, 800, 1_000, 1_500, 2_000, 3_000, 5_000, 10_000]

/** The name under which a latency is counted: `latency.300`. */
export function latencyClass(durationMs: number): string {
  return `latency.${LATENCY_BOUNDS_MS.find((bound) => durationMs <= bound) ?? 'more'}`
}

const AGE_CLASSES = [
  ['minute', 60_000],
  ['hour', 3_600_000],
  ['day', 86_400_000],
] as const

/** The class of an event's age when Meta had it: within a minute, an hour, a day, or older. */
export function ageClass(ageMs: number): 'minute' | 'hour' | 'day' | 'older' {
  return AGE_CLASSES.find(([, bound]) => ageMs <= bound)?.[0] ?? 'older'
}
