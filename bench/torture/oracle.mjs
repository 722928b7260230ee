/** Remembers every promise that the collector made, and says at the end which it has kept. */
import { isBad, POISON } from './events.mjs'

const keyOf = ({ pixel_id, event_name, event_id }) => `${pixel_id} ${event_name} ${event_id}`
const keyOfLetter = ({ lane, eventName, eventId }) => `${lane.pixelId} ${eventName} ${eventId}`

/** Deaths that a clock that jumped by days explains: the event was too old by it. */
const BY_THE_CLOCK = new Set(['too_old', 'ambiguous_too_long'])

export function createOracle() {
  const acknowledged = new Set()
  const oracle = {
    /** Sent, and nothing was heard. No answer, no promise: such an event may be there or not. */
    unanswered: 0,
    /** Refused as a whole: the queue was full, the disk was, or the collector was stopping. */
    refused: 0,
    /** Refused each for itself. */
    rejected: 0,

    acknowledge: (event) => void acknowledged.add(keyOf(event)),
    get acknowledged() {
      return acknowledged.size
    },

    /**
     * Asked when all is calm.
     *
     * @param {object} seen
     * @param {object[]} seen.copies what arrived at Meta, with how often
     * @param {object[]} seen.refusals what Meta refused by its rules
     * @param {object[]} seen.deadLetters
     * @param {{ waiting: number, gap: number }} seen.queue
     * @param {string[]} seen.damaged queue files that were set aside
     */
    judge({ copies, refusals, deadLetters, queue, damaged }) {
      const arrived = new Map(copies.map((copy) => [keyOf(copy), copy.serverCopies]))
      const dead = new Map(deadLetters.map((letter) => [keyOfLetter(letter), letter]))
      const missing = [...acknowledged].filter((key) => !arrived.has(key))
      const letters = missing.map((key) => dead.get(key)).filter((letter) => letter !== undefined)
      const poisoned = letters.filter(({ eventName }) => eventName === POISON)
      const tooOld = letters.filter(({ reason }) => BY_THE_CLOCK.has(reason.cause))
      return {
        acknowledged: acknowledged.size,
        arrived: acknowledged.size - missing.length,
        twice: [...arrived.values()].filter((times) => times > 1).length,
        deadAsTheyShould: poisoned.length,
        deadByTheClock: tooOld.filter(({ eventName }) => eventName !== POISON).length,
        lost: missing.length - letters.length,
        deadForNoReason: letters.filter((letter) => !poisoned.includes(letter) && !tooOld.includes(letter)).length,
        invalidLetThrough: copies.filter(isBad).length + refusals.filter(({ rule }) => rule !== undefined).length,
        stillWaiting: queue.waiting,
        gap: queue.gap,
        setAsideAsDamaged: damaged.length,
        rejected: oracle.rejected,
        refused: oracle.refused,
        unanswered: oracle.unanswered,
      }
    },
  }
  return oracle
}

/** What must be 0 at the end of every run. */
const MUST_BE_ZERO = ['lost', 'deadForNoReason', 'invalidLetThrough', 'stillWaiting', 'gap', 'setAsideAsDamaged']

export function broken(verdict) {
  return MUST_BE_ZERO.filter((name) => verdict[name] !== 0)
}

/** The one line that says it all. */
export function inOneLine({ acknowledged, arrived, twice, lost, invalidLetThrough, gap }) {
  return `acknowledged ${acknowledged}, arrived ${arrived}, twice ${twice}, lost ${lost}, invalid let through ${invalidLetThrough}, gap ${gap}`
}
