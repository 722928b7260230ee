import { existsSync } from 'node:fs'
import { ACTION_SOURCES, type ActionSource, type IncomingEvent } from '@pixel-mirror/common'
import { EXIT_CODE, type ExitCode } from '../../process/exit-code.js'
import { onSignals } from '../../process/signals.js'
import type { Args, Command, Terminal } from '../command.js'
import { count, duration, plural } from '../in-words.js'
import { painter, type Paint } from '../paint.js'
import { chooseDestination } from '../send/choose-destination.js'
import type { Destination } from '../send/destination.js'
import { fileLines } from '../send/file-lines.js'
import type { Order } from '../send/order.js'
import { progressBar } from '../send/progress-bar.js'
import { NOTHING_SENT, progressPath, progressWriter, readProgress, type Progress } from '../send/progress-file.js'
import { readCsv, type Heading } from '../send/read-csv.js'
import { readNdjson } from '../send/read-ndjson.js'
import { sendFile, type Ending } from '../send/send-file.js'
import { settingsFor, SETTINGS_OPTIONS } from '../settings-for.js'

const EXIT_CODE_OF: Readonly<Record<Ending, ExitCode>> = {
  finished: EXIT_CODE.ok,
  stopped: EXIT_CODE.tryAgain,
  gave_up: EXIT_CODE.tryAgain,
}

export const send: Command = {
  name: 'send',
  positionals: ['FILE'],
  summary: 'Send past orders from a file, NDJSON or CSV. Can be stopped and continued.',
  options: {
    ...SETTINGS_OPTIONS,
    format: { value: 'ndjson|csv', help: 'What the file is. Default: by its name; .csv and .tsv are CSV.' },
    'event-name': { value: 'NAME', help: 'For lines that do not say. Default: Purchase.' },
    'action-source': {
      value: 'WORD',
      help: 'Where it happened, for lines that do not say: website, physical_store, …',
    },
    pixel: { value: 'ID', help: 'For lines that do not say. Not needed with one pixel.' },
    url: { value: 'URL', help: 'A collector elsewhere. Default: the one that runs here, else the queue.' },
    'api-key-file': { value: 'FILE', help: 'Holds a key for it. Default: the first of API_KEYS.' },
    'test-event-code': { value: 'CODE', help: 'Show the events under Test Events in Events Manager.' },
    again: { help: 'Begin at the first line, whatever was sent before.' },
    json: { help: 'Print the summary as JSON.' },
  },
  details: [
    'CSV: the first line names the columns, by Meta’s names or the usual ones: date, email, phone, first_name, zip, total,',
    'currency, order_id, … NDJSON: one event a line, as the Conversions API has it. Personal data is hashed on the way.',
    'A line that cannot be taken is named on stderr and does not stop the rest; exit code 1 tells that there were some.',
    'How far it came is kept in FILE.sent.json: the same command goes on from there, also after the file has grown.',
    'An event without event_id is known by its order_id, else by its content, so that nothing counts twice within 48 hours.',
  ].join('\n'),
  async run(args, terminal) {
    const [file = ''] = args.positionals
    const mistake = mistakeIn(args, file)
    if (mistake !== undefined) {
      terminal.stderr.write(`${mistake}\n`)
      return EXIT_CODE.usage
    }
    const destination = await chooseDestination(settingsFor(args, terminal.env), wanted(args))
    try {
      return await bring(file, args, terminal, destination)
    } finally {
      await destination.close()
    }
  },
}

function mistakeIn({ values }: Args, file: string): string | undefined {
  const { format, 'action-source': source } = values
  if (!existsSync(file)) return `There is no file ${file}.`
  if (format !== undefined && format !== 'csv' && format !== 'ndjson') return '--format must be ndjson or csv.'
  if (source !== undefined && !ACTION_SOURCES.includes(source as ActionSource)) {
    return `--action-source must be one of ${ACTION_SOURCES.join(', ')}.`
  }
  return undefined
}

function wanted({ values }: Args) {
  const { url, 'api-key-file': apiKeyFile, 'test-event-code': testEventCode } = values
  return {
    ...(url === undefined ? {} : { url }),
    ...(apiKeyFile === undefined ? {} : { apiKeyFile }),
    ...(testEventCode === undefined ? {} : { testEventCode }),
  }
}

/** Sends the file from where it stopped, and tells how it went. */
async function bring(file: string, args: Args, terminal: Terminal, destination: Destination): Promise<ExitCode> {
  const { stdout, stderr, env } = terminal
  const from = await whereToBegin(file, args, terminal)
  const bar = progressBar(stderr, Date.now)
  const say = (text: string) => {
    bar.clear()
    stderr.write(`${text}\n`)
  }
  const stop = new AbortController()
  const quiet = onSignals({
    stop() {
      say('Finishing what is under way …')
      stop.abort()
    },
    stopNow: (signal) => process.exit(signal === 'SIGINT' ? 130 : 143),
    reload: () => undefined,
  })
  const startedMs = Date.now()
  try {
    say(`Sending ${file} to ${destination.name}${from.line > 0 ? `, from line ${count(from.line + 1)} on` : ''}.`)
    const { ending, progress } = await sendFile({
      file,
      orders: readOrders(file, args, from, say),
      destination,
      defaults: defaultsOf(args),
      from,
      onProgress: await progressWriter(file),
      onStep: (step) => bar.show(step),
      onProblem: (line, reason) => say(`line ${line}: ${reason}`),
      onWaiting: (reason, waitMs) => say(`${reason}; trying again in ${duration(waitMs)}.`),
      signal: stop.signal,
    })
    bar.clear()
    const sent = since(from, progress)
    if (ending === 'finished' && progress.line === from.line) say('All of it was sent before; --again sends it again.')
    if (args.switches.has('json')) stdout.write(`${JSON.stringify({ ending, ...sent, line: progress.line })}\n`)
    else stdout.write(summary(file, ending, sent, progress.line, Date.now() - startedMs, painter(stdout, env)))
    if (ending === 'finished' && sent.refused + sent.broken > 0) return EXIT_CODE.failed
    return EXIT_CODE_OF[ending]
  } finally {
    quiet()
  }
}

async function whereToBegin(file: string, { switches }: Args, { stderr }: Terminal): Promise<Progress> {
  if (switches.has('again')) return NOTHING_SENT
  const progress = await readProgress(file)
  if (progress !== 'changed') return progress ?? NOTHING_SENT
  stderr.write(`${progressPath(file)} is about another file of this name; beginning at the first line.\n`)
  return NOTHING_SENT
}

function readOrders(file: string, { values }: Args, from: Progress, say: (text: string) => void): AsyncIterable<Order> {
  const format = values['format'] ?? (/\.(csv|tsv)$/i.test(file) ? 'csv' : 'ndjson')
  const lines = fileLines(file)
  return format === 'csv' ? readCsv(lines, onHeading, from.line) : readNdjson(lines, from.line)

  function onHeading({ unused }: Heading): void {
    if (unused.length > 0) say(`Columns that are not used: ${unused.join(', ')}.`)
  }
}

function defaultsOf({ values }: Args): Pick<IncomingEvent, 'event_name' | 'action_source' | 'pixel_id'> {
  const { 'action-source': source, pixel } = values
  return {
    event_name: values['event-name'] ?? 'Purchase',
    ...(source === undefined ? {} : { action_source: source as ActionSource }),
    ...(pixel === undefined ? {} : { pixel_id: pixel }),
  }
}

/** What this run did, without what earlier ones had. */
function since(before: Progress, after: Progress): Pick<Progress, 'taken' | 'refused' | 'broken'> {
  return {
    taken: after.taken - before.taken,
    refused: after.refused - before.refused,
    broken: after.broken - before.broken,
  }
}

function summary(
  file: string,
  ending: Ending,
  { taken, refused, broken }: Pick<Progress, 'taken' | 'refused' | 'broken'>,
  line: number,
  passedMs: number,
  paint: Paint,
): string {
  const parts = [
    paint('green', `${plural(taken, 'event')} taken`),
    ...(refused > 0 ? [paint('red', `${count(refused)} refused`)] : []),
    ...(broken > 0 ? [paint('red', `${plural(broken, 'broken line')}`)] : []),
  ]
  const goOn = `Stopped after line ${count(line)} of ${file}; the same command goes on from there.`
  return `${parts.join(', ')} in ${duration(passedMs)}.\n${ending === 'finished' ? '' : `${goOn}\n`}`
}
