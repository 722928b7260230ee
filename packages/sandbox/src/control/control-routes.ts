import { readBehaviour } from '../behaviour/read-behaviour.js'
import type { EventCopies } from '../copies/copy.js'
import { json, text, type Answer } from '../http/answer.js'
import { readBody } from '../http/read-body.js'
import type { Request } from '../http/request.js'
import { rulesTable } from '../rules/rules-table.js'
import type { State } from '../state.js'
import { mayControl } from './may-control.js'
import { PAGE_HEADERS, renderPage } from './page.js'

type ControlRoute = [method: string, path: RegExp, answer: (state: State, request: Request) => Promise<Answer> | Answer]

const DEFAULT_LIMIT = 1_000

/** What people and tests use to look into the sandbox and to steer it. */
const ROUTES: readonly ControlRoute[] = [
  ['GET', /^\/$/, (state) => ({ ...text(200, 'text/html; charset=utf-8', renderPage(state)), headers: PAGE_HEADERS })],
  ['GET', /^\/sandbox\/copies$/, (state, { query }) => json(200, { copies: findCopies(state, query) })],
  ['DELETE', /^\/sandbox\/copies$/, forget],
  ['GET', /^\/sandbox\/counts$/, (state) => json(200, { ...state.requests, ...state.ledger.counts() })],
  ['GET', /^\/sandbox\/refusals$/, (state) => json(200, { refusals: state.refusals })],
  ['GET', /^\/sandbox\/rules$/, () => json(200, { rules: rulesTable() })],
  ['GET', /^\/sandbox\/behave$/, (state) => json(200, { active: state.behaviours.list() })],
  ['POST', /^\/sandbox\/behave$/, behave],
  ['DELETE', /^\/sandbox\/behave$/, clearBehaviours],
]

/** Answers the control API and the page; `undefined` if the path is neither's. */
export async function control(state: State, path: string, request: Request): Promise<Answer | undefined> {
  if (path !== '/' && !path.startsWith('/sandbox/')) return undefined
  if (!mayControl(request.req, state.options.control)) {
    return wrong(403, 'The sandbox is steered from its own machine only. See the option "control".')
  }
  const here = ROUTES.filter(([, pattern]) => pattern.test(path))
  if (here.length === 0) return wrong(404, `There is nothing at ${path}.`)
  const route = here.find(([method]) => method === request.method)
  if (!route) return wrong(405, `${path} knows ${here.map(([method]) => method).join(', ')}.`)
  return route[2](state, request)
}

/** The newest first. */
function findCopies(state: State, query: URLSearchParams): EventCopies[] {
  const limit = Number(query.get('limit') ?? DEFAULT_LIMIT)
  const wanted = (['pixel_id', 'event_name', 'event_id', 'verdict'] as const).filter((field) => query.has(field))
  return state.ledger
    .copies()
    .filter((copies) => wanted.every((field) => copies[field] === query.get(field)))
    .reverse()
    .slice(0, Number.isSafeInteger(limit) && limit >= 0 ? limit : DEFAULT_LIMIT)
}

function forget(state: State): Answer {
  state.forget()
  return json(200, { ...state.requests, ...state.ledger.counts() })
}

async function behave(state: State, { req }: Request): Promise<Answer> {
  // A page of a foreign site cannot send JSON without asking first, and is never told yes.
  if (!/^application\/json\b/i.test(req.headers['content-type'] ?? '')) {
    return wrong(415, 'Send the behaviour as application/json.')
  }
  const body = await readBody(req, state.options.maxBodyBytes)
  let given: unknown
  try {
    given = JSON.parse(body?.toString('utf8') ?? '')
  } catch {
    return wrong(400, 'The body is not JSON.')
  }

  const read = (Array.isArray(given) ? given : [given]).map(readBehaviour)
  const issues = read.flatMap((one) => (one.kind === 'wrong' ? one.issues : []))
  if (issues.length > 0) return wrong(400, issues.join('; '))
  for (const one of read) if (one.kind === 'read') state.behaviours.add(one.behaviour)
  return json(200, { active: state.behaviours.list() })
}

function clearBehaviours(state: State): Answer {
  state.behaviours.clear()
  return json(200, { active: [] })
}

function wrong(status: number, message: string): Answer {
  return json(status, { error: { message } })
}
