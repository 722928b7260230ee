import type { Context, Middleware } from 'koa'
import { CollectorError, SettingsError } from '../errors.js'
import type { Observe } from '../observer.js'
import type { Pixels } from '../pixels.js'
import type { Queue } from '../queue/queue.js'
import { createGuard, refuse } from './access/guard.js'
import type { PasswordCheck } from './access/password.js'
import { createSessions } from './access/sessions.js'
import { builtUrl } from './built.js'
import { compressJson } from './compress-json.js'
import type { History } from './history.js'
import { openHistoryThread } from './history-thread.js'
import { createLive } from './live.js'
import { createMetaQuality } from './meta-quality.js'
import { createPageFiles } from './page-files.js'
import { createRecorder } from './recorder.js'
import { createRoutes } from './routes.js'
import { SECURITY_HEADERS } from './security-headers.js'

export interface InspectorOptions {
  queue: Queue
  pixels: Pixels
  /** Where to remember: a SQLite file of its own beside the queue's, or `:memory:`. */
  historyFile: string
  /** Asked for before anything is shown. Without one only this machine is let in. */
  password?: PasswordCheck
  /** The admin listener is bound to loopback. On any other address a password is required. */
  loopback: boolean
  /** The built-in sandbox stands in for Meta. */
  sandbox?: boolean
  /** Where Meta's Dataset Quality API is asked. */
  graph: { url: string; apiVersion: string; fetch?: typeof fetch }
  log: InspectorLog
  now?: () => number
  /** For tests: a history that is open already, and the folder of the built page. */
  history?: History
  pageFolder?: URL
}

/** The two lines of a logger that the inspector needs; pino's has them. */
export interface InspectorLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

export interface Inspector {
  /** Takes in what happens: sums up everything, picks a few events a second to be shown. */
  observe: Observe
  /** Answers everything under `/inspect/` on the admin listener. */
  middleware: Middleware
  /** Ends the live connections and takes no new ones, so that the listener can close. */
  hangUp(): void
  /** Writes what is not yet written and lets go of the file. */
  close(): Promise<void>
}

const LEVELS_EVERY_MS = 10_000
const PROBLEM_SAID_EVERY_MS = 60_000

/**
 * The inspector: a page that shows what happens, and remembers what happened.
 *
 * @throws SettingsError when it would be open to the network without a password
 */
export function createInspector(options: InspectorOptions): Inspector {
  const { queue, pixels, password, loopback, log, now = Date.now } = options
  if (!loopback && !password) {
    throw new SettingsError([
      'ADMIN_HOST is not a loopback address: set INSPECT_PASSWORD, or the inspector is open to all.',
    ])
  }
  const startedAtMs = now()
  const history = options.history ?? openHistoryThread(options.historyFile, startedAtMs)
  const live = createLive()
  const problem = rememberProblem(log, now)
  const recorder = createRecorder({
    history,
    now,
    onWritten(news) {
      problem.solved()
      live.send('flow', news, news.rows.at(-1)?.id)
    },
    onProblem: problem.happened,
  })

  const door = password && { password, sessions: createSessions(now) }
  const guard = createGuard(door?.sessions)
  const servePageFile = createPageFiles(options.pageFolder ?? builtUrl('inspector/'))
  const router = createRoutes({
    queue,
    pixels,
    history,
    live,
    now,
    startedAtMs,
    sandbox: options.sandbox ?? false,
    metaQuality: createMetaQuality({ fetch: globalThis.fetch, ...options.graph }, now),
    historyState: () => ({ samplesLeftOut: recorder.samplesLeftOut(), ...problem.state() }),
    ...(door && { door }),
  })
  const routes = router.routes()

  const levels = setInterval(() => void readLevels(), LEVELS_EVERY_MS)
  levels.unref()

  async function readLevels(): Promise<void> {
    try {
      const { waitingEvents, bytes, oldestReceivedAtMs } = await queue.status()
      recorder.level('max.waiting', waitingEvents)
      recorder.level('max.bytes', bytes)
      recorder.level('max.oldestMs', oldestReceivedAtMs === undefined ? 0 : Math.max(0, now() - oldestReceivedAtMs))
    } catch {
      // The health view asks again and shows why; a missing level is a gap in a chart.
    }
  }

  async function inspectorMiddleware(ctx: Context, next: () => Promise<void>): Promise<void> {
    if (ctx.path === '/inspect') return ctx.redirect('/inspect/')
    if (!ctx.path.startsWith('/inspect/')) return next()
    ctx.set(SECURITY_HEADERS)
    ctx.set('cache-control', 'no-store')
    try {
      await guard(ctx, async () => {
        if (servePageFile(ctx)) return
        await routes(ctx as never, () => Promise.resolve())
        await compressJson(ctx)
      })
    } catch (error) {
      // The queue or the history cannot be asked right now; their sentences are made for people.
      if (!(error instanceof CollectorError)) throw error
      refuse(ctx, 503, error.code.toLowerCase(), error.message)
    }
  }

  return {
    observe: recorder.observe,
    middleware: inspectorMiddleware,
    hangUp: live.close,
    async close() {
      clearInterval(levels)
      live.close()
      await recorder.close().catch((error: unknown) => problem.happened(String(error)))
    },
  }
}

/** The history's trouble: shown in the Health view while it lasts, and logged at most once a minute. */
function rememberProblem(log: InspectorLog, now: () => number) {
  let current: string | undefined
  let saidAtMs = -Infinity
  return {
    happened: (message: string): void => {
      current = message
      if (now() - saidAtMs < PROBLEM_SAID_EVERY_MS) return
      saidAtMs = now()
      log.warn({ event: 'inspector.history', problem: message }, 'the inspector cannot write its history')
    },
    solved: (): void => {
      current = undefined
    },
    state: () => (current === undefined ? {} : { problem: current }),
  }
}
