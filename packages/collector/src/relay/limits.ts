const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** The relay's numbers, each with its unit and its reason. Tests shorten the times; nobody else needs to. */
export const RELAY_LIMITS = {
  /** Events in one request. @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/using-the-api */
  maxEvents: 1_000,
  /** Bytes of events in one request. Meta names no limit; a megabyte is where many proxies begin to refuse. */
  maxBytes: 900_000,
  /** How long the first event of a batch waits for others. With the commit before it, a batch leaves within a second. */
  gatherMs: 900,

  /** Connections to Meta, and so requests under way, for all lanes together. */
  sockets: 16,
  /** How many of them lanes in trouble may hold, so that pixels that hang leave room for the others. */
  socketsInTrouble: 8,
  /** How many of them are for small batches alone, so that full ones that hang, fifteen seconds each, leave room for the others. */
  expressSockets: 4,
  /** Events in a small batch: it may take three seconds. */
  expressEvents: 100,
  /** Requests of one lane under way at once. Four already move 24,000 events a second to a server 150 ms away. */
  laneConcurrency: 4,

  /** TCP and TLS together. */
  connectTimeoutMs: 4 * SECOND_MS,
  /** Meta recommends 1.5 s for one event; a thousand need longer to be sent and read. @see timeoutMs() */
  timeoutMs: 1_500,
  timeoutPerEventMs: 13.5,
  /** Answers are a few hundred bytes; what is longer is no answer of Meta's. */
  maxAnswerBytes: 64 * 1024,
  /**
   * Bodies above this are compressed. Never, unless set: gzip costs 3.7 times the CPU to save bytes that a server's uplink
   * has, and Meta documents nowhere that it accepts them.
   */
  compressAboveBytes: Infinity,

  /** Full jitter: uniform between 0 and `base × 2^failures`, at most the cap. There is no last attempt: the deadline is time. */
  backoffBaseMs: SECOND_MS,
  backoffCapMs: 5 * MINUTE_MS,
  /** The same where Meta says "too fast" and not for how long. */
  throttleBaseMs: 10 * SECOND_MS,
  /** The longest wait that is believed: a server's typing error must not silence a lane until its events expire. */
  maxWaitMs: 24 * HOUR_MS,
  /** The connection to Meta as a whole: no lane tries more often than this while nothing can be reached. */
  breakerOpensAfter: 3,
  breakerCapMs: 30 * SECOND_MS,

  /** How often a parked lane is tried with one event. Under a minute, so that a lane flows again within one of the mend. */
  probeMs: 50 * SECOND_MS,
  /** Requests a lane may spend looking for bad events, a minute. A flood of garbage must not burn the pixel's rate limit. */
  bisectRequestsPerMinute: 300,
  /** How long an unknown outcome may be repeated: Meta forgets copies after 48 h. */
  ambiguousLifetimeMs: 47 * HOUR_MS,

  /** How often the queue is asked for lanes that nobody called for: holds of other nodes, lanes of a node that died. */
  rescanMs: 5 * SECOND_MS,
  /** How long giving back may take after the grace time: a storage that hangs must not keep the process from ending. */
  giveBackMs: 5 * SECOND_MS,
}

export type RelayLimits = typeof RELAY_LIMITS

/** How long a request with so many events may take, in milliseconds: 1.5 s for one, 15 s for a thousand. */
export function timeoutMs(events: number, limits: Pick<RelayLimits, 'timeoutMs' | 'timeoutPerEventMs'>): number {
  return limits.timeoutMs + limits.timeoutPerEventMs * events
}
