import { existsSync } from 'node:fs'
import { EXIT_CODE, type ExitCode } from '../../process/exit-code.js'
import { onSignals } from '../../process/signals.js'
import { moveQueue } from '../move-queue.js'
import { openQueue } from '../../queue/open-queue.js'
import type { Queue } from '../../queue/queue.js'
import { sqlitePath } from '../../queue/sqlite/sqlite-url.js'
import { reportOn, type QueueReport } from '../../queue-report.js'
import type { Command, Terminal } from '../command.js'
import { count, duration, plural } from '../in-words.js'
import { quietly } from '../queue-desk.js'
import { progressBar } from '../send/progress-bar.js'
import { settingsFor, SETTINGS_OPTIONS } from '../settings-for.js'

export const queueMove: Command = {
  name: 'queue move',
  summary: 'Move what waits from one queue to another: from SQLite to PostgreSQL, or back.',
  options: {
    ...SETTINGS_OPTIONS,
    from: { value: 'URL', help: 'The queue to empty, like QUEUE_URL. No collector may run on it.' },
    to: { value: 'URL', help: 'The queue to fill. Collectors may run on it, if it can be shared.' },
    json: { help: 'Print the summary as JSON.' },
  },
  details: [
    'An event leaves the source only when the target has it safely. Ctrl+C stops between two batches, and the same command',
    'goes on from there, after a crash too: what the target has already is not taken twice. Lanes that are parked stay parked.',
    'Dead letters stay with the source: replay them first, or keep the file. The source counts what left it as purged.',
    'A password need not stand on the command line: PGPASSWORD is read.',
    'Exit code 1 when the books of one of the two do not balance, before or after.',
  ].join('\n'),
  async run({ values, switches, ...args }, terminal) {
    const { from, to } = values
    const mistake = mistakeIn(from, to)
    if (from === undefined || to === undefined || mistake !== undefined) {
      terminal.stderr.write(`${mistake}\n`)
      return EXIT_CODE.usage
    }
    const options = quietly(settingsFor({ ...args, values, switches }, terminal.env))
    const source = await openQueue(from, { ...options, alone: true })
    try {
      const target = await openQueue(to, options)
      try {
        return await bring(source, target, terminal, switches.has('json'))
      } finally {
        await target.close()
      }
    } finally {
      await source.close()
    }
  },
}

function mistakeIn(from: string | undefined, to: string | undefined): string | undefined {
  if (from === undefined) return '--from is missing.'
  if (to === undefined) return '--to is missing.'
  if (from === to) return 'Both are the same queue.'
  if (from.startsWith('sqlite:') && !existsSync(sqlitePath(from))) return `There is no queue at ${sqlitePath(from)}.`
  return undefined
}

async function bring(source: Queue, target: Queue, { stdout, stderr }: Terminal, asJson: boolean): Promise<ExitCode> {
  if (!balances(await reportOn(source), await reportOn(target))) {
    stderr.write('The books do not balance; nothing was moved. `pixel-mirror queue status` tells more.\n')
    return EXIT_CODE.failed
  }
  const bar = progressBar(stderr, Date.now)
  const stop = new AbortController()
  const quiet = onSignals({
    stop: () => stop.abort(),
    stopNow: (signal) => process.exit(signal === 'SIGINT' ? 130 : 143),
    reload: () => undefined,
  })
  const startedMs = Date.now()
  try {
    const { moved, known } = await moveQueue({
      from: source,
      to: target,
      signal: stop.signal,
      onProgress: (progress) => bar.show({ ...progress, taken: progress.moved, refused: 0 }),
    })
    bar.clear()
    const [left, there] = [await reportOn(source), await reportOn(target)]
    const balanced = balances(left, there)
    const { waitingEvents, deadLetters } = left.status
    if (asJson) {
      stdout.write(`${JSON.stringify({ moved, known, left: waitingEvents, deadLetters, balanced })}\n`)
    } else {
      const lines = [
        `${plural(moved, 'event')} moved in ${duration(Date.now() - startedMs)}${known > 0 ? `, ${count(known)} of them known there already` : ''}.`,
        ...(waitingEvents > 0
          ? [`${plural(waitingEvents, 'event is', 'events are')} left; the same command goes on from there.`]
          : []),
        ...(deadLetters > 0
          ? [`${plural(deadLetters, 'dead letter stays', 'dead letters stay')} with the source.`]
          : []),
        balanced ? 'The books of both balance.' : 'THE BOOKS DO NOT BALANCE. `pixel-mirror queue status` tells more.',
      ]
      stdout.write(`${lines.join('\n')}\n`)
    }
    if (!balanced) return EXIT_CODE.failed
    return waitingEvents > 0 ? EXIT_CODE.tryAgain : EXIT_CODE.ok
  } finally {
    bar.clear()
    quiet()
  }
}

const balances = (...reports: readonly QueueReport[]) =>
  reports.every(({ books }) => books.every(({ gap }) => gap === 0))
