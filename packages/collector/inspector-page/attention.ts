import type { Health, Summary } from '../src/inspector/api.js'
import { formatCount, formatDuration } from './format.js'
import { plainCode } from './words.js'

/** Something that a person should look at now, and what to do. */
export interface Attention {
  key: string
  tone: 'bad' | 'warn'
  title: string
  text: string
}

/** Waiting longer than this is more than a slow minute. */
const OLD_MS = 15 * 60_000
const NEARLY_FULL = 0.8

/** Looks through how things stand, worst first. */
export function attentions(health: Health | undefined, summary?: Summary): Attention[] {
  if (!health) return []
  return [
    ...queueAttention(health),
    ...laneAttention(health),
    ...bookAttention(health),
    ...letterAttention(health),
    ...alarmAttention(summary),
    ...ownAttention(health),
  ].sort((a, b) => ORDER[a.tone] - ORDER[b.tone])
}

const ORDER = { bad: 0, warn: 1 }

const REFUSING_WORDS: Record<string, string> = {
  full: 'It has reached MAX_QUEUE_BYTES. See why events do not leave, below, or raise the limit.',
  disk_full: 'There is no room left on the disk. Free some; events go on by themselves.',
  outdated: 'A newer collector has changed the tables of the queue. Upgrade this one.',
  read_only: 'The queue cannot be written. Look at the disk and the rights of its folder.',
  closing: 'The collector is stopping.',
  unreachable: 'Its database cannot be reached.',
}

function queueAttention({ queue, queueProblem, nowMs }: Health): Attention[] {
  const all: Attention[] = []
  if (queueProblem !== undefined)
    all.push({ key: 'queue', tone: 'bad', title: 'The queue cannot be asked', text: queueProblem })
  if (!queue) return all
  if (queue.refusing !== undefined) {
    all.push({
      key: 'refusing',
      tone: 'bad',
      title: 'New events are refused',
      text: REFUSING_WORDS[queue.refusing] ?? plainCode(queue.refusing),
    })
  } else if (queue.maxBytes > 0 && queue.bytes / queue.maxBytes > NEARLY_FULL) {
    all.push({
      key: 'nearly-full',
      tone: 'warn',
      title: `The queue is ${Math.round((100 * queue.bytes) / queue.maxBytes)} % full`,
      text: 'When it is full new events are refused. See why events do not leave, below, or raise MAX_QUEUE_BYTES.',
    })
  }
  const ageMs = queue.oldestReceivedAtMs === undefined ? 0 : nowMs - queue.oldestReceivedAtMs
  if (ageMs > OLD_MS) {
    all.push({
      key: 'old',
      tone: 'warn',
      title: `The oldest event has waited ${formatDuration(ageMs)}`,
      text: 'Meta takes events for seven days. Below it says which pixel waits, and why.',
    })
  }
  return all
}

function laneAttention({ lanes, nowMs }: Health): Attention[] {
  return lanes.flatMap(({ pixelId, hold, waitingEvents }): Attention[] => {
    if (hold?.kind !== 'parked') return []
    const waiting = waitingEvents === 0 ? '' : ` ${formatCount(waitingEvents)} events wait; none is lost.`
    return [
      {
        key: `lane-${pixelId}`,
        tone: 'bad',
        title: `Pixel ${pixelId} is parked`,
        text: `${sentence(hold.reason)}${waiting} Next try in ${formatDuration(Math.max(0, hold.untilMs - nowMs))}.`,
      },
    ]
  })
}

function bookAttention({ books }: Health): Attention[] {
  return books.flatMap(({ pixelId, gap }): Attention[] =>
    gap === 0
      ? []
      : [
          {
            key: `books-${pixelId}`,
            tone: 'bad',
            title: `The books of pixel ${pixelId} do not balance`,
            text: `${formatCount(Math.abs(gap))} events are ${gap > 0 ? 'unaccounted for' : 'counted twice'}. This should never be: please report it.`,
          },
        ],
  )
}

function letterAttention({ queue }: Health): Attention[] {
  const letters = queue?.deadLetters ?? 0
  if (letters === 0) return []
  return [
    {
      key: 'letters',
      tone: 'warn',
      title: `${formatCount(letters)} dead letter${letters === 1 ? '' : 's'}`,
      text: 'Events that Meta did not take, kept with its reason. Mend the cause, then replay them, below.',
    },
  ]
}

function alarmAttention(summary: Summary | undefined): Attention[] {
  const shown = new Set(['books_gap', 'lane_parked', 'queue_refusing'])
  return (summary?.notes ?? []).flatMap(({ kind, cause, message }): Attention[] =>
    kind !== 'alarm' || shown.has(cause)
      ? []
      : [{ key: `alarm-${cause}`, tone: 'warn', title: sentence(plainCode(cause)).replace(/\.$/, ''), text: message }],
  )
}

function ownAttention({ history, wrongPasswords }: Health): Attention[] {
  const all: Attention[] = []
  if (history.problem !== undefined)
    all.push({
      key: 'history',
      tone: 'warn',
      title: 'The inspector cannot write its history',
      text: `${sentence(history.problem)} Events are not touched by this.`,
    })
  if (wrongPasswords >= 5)
    all.push({
      key: 'passwords',
      tone: 'warn',
      title: `${formatCount(wrongPasswords)} wrong passwords`,
      text: 'Since the start, somebody has tried to get in here. If it was not you: can the admin address be reached from outside?',
    })
  return all
}

function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(first) ? first : `${first}.`
}
