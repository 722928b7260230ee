import { EXIT_CODE } from '../../process/exit-code.js'
import type { QueueReport } from '../../queue-report.js'
import { laneName } from '../../queue/queue.js'
import type { Command } from '../command.js'
import { bytes, count, duration, plural } from '../in-words.js'
import { settingsFor, SETTINGS_OPTIONS } from '../settings-for.js'
import { textTable } from '../text-table.js'
import { openQueueDesk } from '../queue-desk.js'

export const queueStatus: Command = {
  name: 'queue status',
  summary: 'Show what waits, which lanes are held and why, and whether the books balance.',
  options: { ...SETTINGS_OPTIONS, json: { help: 'Print JSON, for scripts.' } },
  details:
    'Asks the collector that runs with this queue; where none runs, it opens the queue itself.\nExit code 1 when the books do not balance.',
  async run(args, { env, stdout }) {
    const desk = await openQueueDesk(settingsFor(args, env))
    try {
      const report = await desk.report()
      stdout.write(args.switches.has('json') ? `${JSON.stringify(report)}\n` : inWords(report, Date.now()))
      return report.books.some(({ gap }) => gap !== 0) ? EXIT_CODE.failed : EXIT_CODE.ok
    } finally {
      await desk.close()
    }
  },
}

function inWords({ status, lanes, books }: QueueReport, nowMs: number): string {
  const ageMs = status.oldestReceivedAtMs === undefined ? undefined : nowMs - status.oldestReceivedAtMs
  const waiting = plural(status.waitingEvents, 'event waits', 'events wait')
  const lines = [
    `${waiting}${ageMs === undefined ? '' : `, the oldest for ${duration(ageMs)}`}.`,
    `${bytes(status.bytes)} of ${bytes(status.maxBytes)} used; ${plural(status.deadLetters, 'dead letter')}.`,
    ...(status.refusing ? [`Events are refused right now: ${status.refusing}.`] : []),
    ...lanes
      .filter(({ hold }) => hold)
      .map(({ lane, hold }) => `Pixel ${laneName(lane)} is ${hold?.kind}: ${hold?.reason}`),
    '',
  ]
  const rows = books.map((entry) => [
    entry.pixelId,
    ...[entry.received, entry.delivered, entry.waiting, entry.dead, entry.expired].map(count),
    count(Object.values(entry.dropped).reduce((sum, dropped) => sum + dropped, 0)),
    entry.gap === 0 ? 'yes' : `NO: ${entry.gap} unaccounted for`,
  ])
  const heading = ['pixel', 'received', 'delivered', 'waiting', 'dead', 'expired', 'left out', 'balances']
  return lines.join('\n') + (rows.length > 0 ? `\n${textTable([heading, ...rows])}` : '')
}
