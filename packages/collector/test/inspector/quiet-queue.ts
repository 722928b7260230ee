import type { DeadLetter, Queue } from '../../src/queue/queue.js'

/** A queue in which nothing happens but what a test puts there. */
export function quietQueue(letters: DeadLetter[] = []): Queue & { letters: DeadLetter[]; replayed: string[] } {
  const replayed: string[] = []
  const chosen = ({ ids, pixelId, cause }: { ids?: readonly string[]; pixelId?: string; cause?: string }) =>
    letters.filter(
      ({ id, lane, reason }) =>
        (ids === undefined || ids.includes(id)) &&
        (pixelId === undefined || lane.pixelId === pixelId) &&
        (cause === undefined || reason.cause === cause),
    )
  const remove = (gone: readonly DeadLetter[]) =>
    letters.splice(0, letters.length, ...letters.filter((letter) => !gone.includes(letter)))

  return {
    letters,
    replayed,
    append: async () => Promise.resolve({ stored: [] }),
    lease: async () => Promise.resolve(undefined),
    settle: async () => Promise.resolve(),
    lanes: async () => Promise.resolve([]),
    hold: async () => Promise.resolve(),
    onWaiting: () => () => undefined,
    books: async () =>
      Promise.resolve({
        pixels: [
          {
            pixelId: '1',
            received: 10,
            delivered: 7,
            dead: 1,
            expired: 0,
            dropped: { bot: 1 },
            waiting: 0,
            replayed: 0,
            lettersDropped: 0,
          },
        ],
      }),
    status: async () =>
      Promise.resolve({ waitingEvents: 3, bytes: 4_096, maxBytes: 1_000_000, deadLetters: letters.length }),
    probe: async () => Promise.resolve(),
    close: async () => Promise.resolve(),
    deadLetters: {
      list: async (filter, { limit, after }) => {
        const all = chosen(filter)
        const start = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1
        return Promise.resolve(all.slice(start, start + limit))
      },
      replay: async (filter) => {
        const gone = chosen(filter)
        replayed.push(...gone.map(({ id }) => id))
        remove(gone)
        return Promise.resolve({ replayed: gone.length, tooOld: 0 })
      },
      drop: async (filter) => {
        const gone = chosen(filter)
        remove(gone)
        return Promise.resolve(gone.length)
      },
    },
  }
}

export function deadLetter(id: string, more: Partial<DeadLetter> = {}): DeadLetter {
  return {
    id,
    lane: { pixelId: '1' },
    kind: 'dead',
    eventName: 'Purchase',
    eventId: `order-${id}`,
    eventTimeMs: 1_000,
    receivedAtMs: 2_000,
    diedAtMs: 3_000,
    reason: { cause: 'refused_by_meta', code: 100, subcode: 2804009, message: 'Missing Value for Purchase Event' },
    json: '{"event_name":"Purchase","user_data":{"em":["jane@example.com"],"client_ip_address":"203.0.113.9"}}',
    ...more,
  }
}
