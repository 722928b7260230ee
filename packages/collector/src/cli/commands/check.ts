import { SettingsError } from '../../errors.js'
import { EXIT_CODE } from '../../process/exit-code.js'
import type { Settings } from '../../settings.js'
import { checkApiVersion } from '../check/api-version.js'
import { checkClock } from '../check/clock.js'
import { checkCookieDomain } from '../check/cookie-domain.js'
import { checkDisk } from '../check/disk.js'
import { about, type Check, type Finding } from '../check/finding.js'
import { checkOrigins } from '../check/origins.js'
import { checkPublicAddress } from '../check/public-address.js'
import { checkQueueServer } from '../check/queue-server.js'
import { writeFinding } from '../check/report.js'
import { checkToken } from '../check/token.js'
import { checkWayThrough } from '../check/way-through.js'
import type { Args, Command, Terminal } from '../command.js'
import { plural } from '../in-words.js'
import { painter } from '../paint.js'
import { settingsFor, SETTINGS_OPTIONS } from '../settings-for.js'

const CHECKS: readonly Check[] = [
  checkDisk,
  checkQueueServer,
  checkClock,
  checkApiVersion,
  checkOrigins,
  checkCookieDomain,
  checkPublicAddress,
  checkWayThrough,
  checkToken,
]

export const check: Command = {
  name: 'check',
  summary: 'Look line by line at what is set up rightly, and say what to do about the rest.',
  options: {
    ...SETTINGS_OPTIONS,
    url: { value: 'URL', help: 'Where visitors reach the collector: https://www.example.com/m' },
    'test-event-code': {
      value: 'CODE',
      help: 'Send one event per pixel to Test Events (Events Manager shows the code).',
    },
    json: { help: 'Print JSON, for scripts.' },
  },
  details:
    'Run it where the collector runs, with the same settings. Exit code 1 when something fails, 78 when the settings are wrong.',
  async run(args, terminal) {
    const { stdout, env } = terminal
    const paint = painter(stdout, env)
    const findings: Finding[] = []
    const tell = (finding: Finding) => {
      findings.push(finding)
      if (!args.switches.has('json')) writeFinding(finding, stdout, paint)
    }

    const settings = readSettings(args, terminal, tell)
    for (const look of settings ? CHECKS : []) {
      for (const finding of await look(contextOf(args, settings as Settings))) tell(finding)
    }

    const failed = findings.filter(({ state }) => state === 'failed').length
    const warnings = findings.filter(({ state }) => state === 'warning').length
    if (args.switches.has('json')) stdout.write(`${JSON.stringify({ ok: failed === 0, findings })}\n`)
    else
      stdout.write(
        `\n${failed === 0 ? 'All is well' : `${plural(failed, 'thing')} to mend`}, ${plural(warnings, 'warning')}.\n`,
      )
    if (settings === undefined) return EXIT_CODE.settings
    return failed > 0 ? EXIT_CODE.failed : EXIT_CODE.ok
  },
}

function readSettings(args: Args, { env }: Terminal, tell: (finding: Finding) => void): Settings | undefined {
  const { ok, failed } = about('settings')
  try {
    const settings = settingsFor(args, env)
    const pixels = plural(settings.pixels.length, 'pixel')
    tell(
      ok(
        settings.sandbox
          ? `${pixels}; no token, so the built-in sandbox stands in for Meta.`
          : `${pixels}; events go to ${settings.graphUrl}.`,
      ),
    )
    return settings
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    for (const problem of error.problems)
      tell(failed(`${problem}.`, 'Correct it in the environment or the configuration file.'))
    return undefined
  }
}

function contextOf({ values }: Args, settings: Settings) {
  return {
    settings,
    fetch: globalThis.fetch,
    now: Date.now,
    ...(values['url'] === undefined ? {} : { publicUrl: values['url'].replace(/\/+$/, '') }),
    ...(values['test-event-code'] === undefined ? {} : { testEventCode: values['test-event-code'] }),
  }
}
