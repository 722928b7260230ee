import { EXIT_CODE, type ExitCode } from '../../process/exit-code.js'
import { laneName, type DeadLetter, type DeadLetterFilter } from '../../queue/queue.js'
import type { Args, Command, Option, Terminal } from '../command.js'
import { plural } from '../in-words.js'
import { openQueueDesk, type QueueDesk } from '../queue-desk.js'
import { settingsFor, SETTINGS_OPTIONS } from '../settings-for.js'
import { textTable } from '../text-table.js'

const PAGE = 500

const WHICH = {
  pixel: { value: 'ID', help: 'Only those of this pixel.' },
  cause: { value: 'WORD', help: 'Only those that died of this, for example refused_by_meta or too_old.' },
  since: { value: 'TIME', help: 'Only those that died since then, for example 2026-05-01 or 2026-05-01T10:00Z.' },
} as const satisfies Record<string, Option>

const CHOICE = {
  ...WHICH,
  id: { value: 'ID[,ID…]', help: 'These, by the ids that `list` shows.' },
  all: { help: 'All of them; needed when nothing else says which.' },
} as const satisfies Record<string, Option>

export const listDeadLetters: Command = {
  name: 'dead-letters list',
  summary: 'Show events that will not be sent, with Meta’s words for why.',
  options: {
    ...SETTINGS_OPTIONS,
    ...WHICH,
    limit: { value: 'N', help: 'At most this many, newest first. Default: 50.' },
    json: { help: 'Print one JSON object a line, each with the event as Meta would be sent it.' },
  },
  run: (args, terminal) =>
    atDesk(args, terminal, async (desk, filter) => {
      const limit = Number(args.values['limit'] ?? 50)
      if (!Number.isInteger(limit) || limit < 1) return mistake(terminal, '--limit must be a whole number.')
      const letters = await listUpTo(desk, filter, limit)
      const json = () => letters.map((letter) => `${JSON.stringify(letter)}\n`).join('')
      terminal.stdout.write(args.switches.has('json') ? json() : inWords(letters))
      return EXIT_CODE.ok
    }),
}

export const replayDeadLetters: Command = {
  name: 'dead-letters replay',
  summary: 'Put dead letters back into the queue, once what killed them is mended.',
  options: { ...SETTINGS_OPTIONS, ...CHOICE, json: { help: 'Print JSON, for scripts.' } },
  details: 'Events past Meta’s age limit cannot be sent any more and stay.',
  run: (args, terminal) =>
    atDesk(args, terminal, async (desk, filter) => {
      if (!saysWhich(args, filter)) return mistake(terminal, 'Say which letters, or --all.')
      const done = await desk.replay(filter)
      const old = done.tooOld > 0 ? ` ${plural(done.tooOld, 'is', 'are')} too old for Meta and stayed.` : ''
      terminal.stdout.write(
        args.switches.has('json')
          ? `${JSON.stringify(done)}\n`
          : `${plural(done.replayed, 'event')} went back into the queue.${old}\n`,
      )
      return EXIT_CODE.ok
    }),
}

export const dropDeadLetters: Command = {
  name: 'dead-letters drop',
  summary: 'Delete dead letters for good.',
  options: { ...SETTINGS_OPTIONS, ...CHOICE, json: { help: 'Print JSON, for scripts.' } },
  details: 'The books keep counting them as dead or expired.',
  run: (args, terminal) =>
    atDesk(args, terminal, async (desk, filter) => {
      if (!saysWhich(args, filter)) return mistake(terminal, 'Say which letters, or --all.')
      const dropped = await desk.drop(filter)
      terminal.stdout.write(
        args.switches.has('json') ? `${JSON.stringify({ dropped })}\n` : `${plural(dropped, 'letter')} deleted.\n`,
      )
      return EXIT_CODE.ok
    }),
}

/** Opens the desk, reads which letters are meant, and closes the desk whatever happens. */
async function atDesk(
  args: Args,
  terminal: Terminal,
  work: (desk: QueueDesk, filter: DeadLetterFilter) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { pixel, cause, since, id } = args.values
  const sinceMs = since === undefined ? undefined : Date.parse(since)
  if (Number.isNaN(sinceMs)) return mistake(terminal, `--since "${since}" is not a time like 2026-05-01.`)
  const filter: DeadLetterFilter = {
    ...(pixel === undefined ? {} : { pixelId: pixel }),
    ...(cause === undefined ? {} : { cause }),
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(id === undefined ? {} : { ids: id.split(',').filter(Boolean) }),
  }
  const desk = await openQueueDesk(settingsFor(args, terminal.env))
  try {
    return await work(desk, filter)
  } finally {
    await desk.close()
  }
}

function saysWhich({ switches }: Args, filter: DeadLetterFilter): boolean {
  return switches.has('all') !== Object.keys(filter).length > 0
}

function mistake({ stderr }: Terminal, message: string): ExitCode {
  stderr.write(`${message}\n`)
  return EXIT_CODE.usage
}

async function listUpTo(desk: QueueDesk, filter: DeadLetterFilter, limit: number): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = []
  for (;;) {
    const last = letters.at(-1)
    const page = { limit: Math.min(PAGE, limit - letters.length), ...(last ? { after: last.id } : {}) }
    const more = await desk.list(filter, page)
    letters.push(...more)
    if (more.length < page.limit || letters.length >= limit) return letters
  }
}

function inWords(letters: readonly DeadLetter[]): string {
  if (letters.length === 0) return 'There are none.\n'
  const rows = letters.map(({ id, diedAtMs, lane, eventName, reason }) => [
    id,
    new Date(diedAtMs).toISOString().slice(0, 19).replace('T', ' '),
    laneName(lane),
    eventName,
    reason.cause,
    [reason.message, reason.fbtraceId ? `(fbtrace_id ${reason.fbtraceId})` : ''].filter(Boolean).join(' '),
  ])
  return textTable([['id', 'died (UTC)', 'pixel', 'event', 'cause', 'why'], ...rows])
}
