import { statSync } from 'node:fs'
import type { Middleware } from 'koa'
import { SettingsError } from '../../errors.js'
import { createLogger } from '../../logger.js'
import { createPixels, type Pixel } from '../../pixels.js'
import type { ExitCode } from '../../process/exit-code.js'
import { startReloading } from '../../process/reload.js'
import { runUntilStopped } from '../../process/run-until-stopped.js'
import type { Settings } from '../../settings.js'
import { packageVersion } from '../../version.js'
import { reachableUrl } from '../admin-fetch.js'
import type { Args, Command, Terminal } from '../command.js'
import { painter } from '../paint.js'
import { settingsFor, SETTINGS_OPTIONS } from '../settings-for.js'
import { announcement, type Page } from '../start/announce.js'
import { demoScript } from '../start/demo-script.js'
import { SANDBOX_PATH, startSandboxMode, type SandboxMode } from '../start/sandbox-mode.js'
import { serveStaticSite } from '../static-site.js'

export const start: Command = {
  name: 'start',
  summary: 'Run the collector: take events, keep them, relay them to Meta.',
  options: {
    ...SETTINGS_OPTIONS,
    site: { value: 'DIR', help: 'Serve this folder of static files beside the collector, on the same port.' },
  },
  details: [
    'Without an access token a built-in sandbox stands in for Meta, and nothing leaves this machine.',
    'SIGTERM and Ctrl+C finish what is under way, then end with 0; a second one ends at once, and loses nothing either.',
    'SIGHUP reads the pixels and their tokens again; files are looked at every minute. The log goes to stderr, one JSON object a line.',
  ].join('\n'),
  run,
}

async function run(args: Args, terminal: Terminal): Promise<ExitCode> {
  const { env, stdout, stderr } = terminal
  const site = siteFolder(args.values['site'])
  const given = settingsFor(args, env)
  const log = createLogger(given.logLevel, { write: (line) => void stderr.write(line) })
  const sandbox = given.sandbox ? await startSandboxMode(given) : undefined
  const settings = sandbox?.settings ?? given
  const pixels = createPixels(settings.pixels, () => pixelsNow(args, terminal, sandbox))
  const open: Page[] = []

  try {
    const pages = await pagesFor(site, sandbox, () => ({
      pixelId: pixels.all()[0]?.id ?? '',
      links: sandbox ? open.slice(1) : [],
    }))
    // Loads the whole collector: only here, so that other commands answer at once.
    const { createCollector } = await import('../../collector.js')
    const collector = await createCollector({ settings, pixels, pages, log })
    const ports = await collector.start()
    open.push(...addresses({ ...settings, ...ports }, site, collector.inspects, sandbox))
    const reloading = startReloading(pixels, log)
    const stopped = runUntilStopped({
      stop() {
        reloading.stop()
        return collector.stop()
      },
      reload: () => reloading.now(),
      log,
    })
    // Whoever reads this may send a signal at once: by now it is listened for.
    stdout.write(announcement({ version: packageVersion(), settings, pages: open }, painter(stdout, env)))
    return await stopped
  } finally {
    await sandbox?.stop()
  }
}

function siteFolder(folder: string | undefined): string | undefined {
  if (folder === undefined || statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return folder
  throw new SettingsError([`--site ${folder} is no folder`])
}

/** SIGHUP: the same sources again. Whether the sandbox stands in for Meta is decided once, at start. */
function pixelsNow(args: Args, { env }: Terminal, sandbox: SandboxMode | undefined): readonly Pixel[] {
  const { pixels, sandbox: noToken } = settingsFor(args, env)
  if (sandbox && !noToken) throw new SettingsError(['A token is set now: start again to relay to Meta'])
  if (!sandbox && noToken) throw new SettingsError(['No token is set any more'])
  return sandbox ? sandbox.withTokens(pixels) : pixels
}

/** What the public port serves beside the collector. */
async function pagesFor(
  site: string | undefined,
  sandbox: SandboxMode | undefined,
  demo: () => { pixelId: string; links: readonly Page[] },
): Promise<Middleware[]> {
  const script = sandbox ? { fbeventsUrl: `${SANDBOX_PATH}/en_US/fbevents.js` } : {}
  return [
    ...(sandbox ? [sandbox.middleware] : []),
    ...(site === undefined ? [] : [demoScript(() => ({ ...demo(), ...script })), await serveStaticSite(site)]),
  ]
}

function addresses(
  { host, port, adminHost, adminPort, eventsPath }: Settings,
  site: string | undefined,
  inspects: boolean,
  sandbox: SandboxMode | undefined,
): Page[] {
  const here = reachableUrl(host, port)
  return [
    site === undefined ? { text: 'Collector', href: `${here}${eventsPath}` } : { text: 'Shop', href: `${here}/` },
    ...(inspects ? [{ text: 'Inspector', href: `${reachableUrl(adminHost, adminPort)}/inspect/` }] : []),
    ...(sandbox ? [{ text: 'Sandbox', href: `${sandbox.url}/` }] : []),
  ]
}
