import type { IncomingMessage, ServerResponse } from 'node:http'
import { control } from './control/control-routes.js'
import { configScript, fbeventsScript } from './fbevents-script.js'
import { eventsEdge } from './graph/events-edge.js'
import { GRAPH_ERRORS, objectMissing } from './graph/graph-error.js'
import { refused } from './graph/refused.js'
import { text } from './http/answer.js'
import { deliver } from './http/delivery.js'
import type { Reply, Request } from './http/request.js'
import { qualityEdge } from './quality/quality-edge.js'
import { tr } from './pixel/tr.js'
import type { State } from './state.js'

type Route = [method: string, path: RegExp, reply: (state: State, request: Request) => Promise<Reply> | Reply]

/** What Meta answers. The rest is the control API. */
const ROUTES: readonly Route[] = [
  ['POST', /^\/v(\d+)\.\d+\/([^/]+)\/events\/?$/, eventsEdge],
  ['*', /^\/v\d+\.\d+\/([^/]+)\/events\/?$/, (_, { method, caught }) => writeOnly(method, caught[0] ?? '')],
  ['GET', /^\/v(\d+)\.\d+\/dataset_quality\/?$/, qualityEdge],
  ['GET', /^\/tr\/?$/, tr],
  ['POST', /^\/tr\/?$/, tr],
  ['GET', /^\/[a-z]{2}_[A-Z]{2}\/fbevents\.js$/, () => script(fbeventsScript())],
  ['GET', /^\/signals\/config\/(\d+)$/, (_, { caught }) => script(configScript(caught[0] ?? ''))],
]

/** Answers one request, whatever it is. */
export async function handle(state: State, req: IncomingMessage, res: ServerResponse): Promise<void> {
  try {
    const { answer, delivery = { kind: 'whole' } } = await reply(state, req)
    state.changed()
    await deliver(res, answer, delivery)
  } catch (error) {
    // The sender went away in the middle of its request; whatever else went wrong must not stop the sandbox either.
    res.destroy(error instanceof Error ? error : undefined)
  }
}

async function reply(state: State, req: IncomingMessage): Promise<Reply> {
  const [path = '/', query] = (req.url ?? '/').split('?', 2)
  const method = req.method ?? 'GET'
  const request = { method, req, query: new URLSearchParams(query), caught: [] }
  for (const [verb, pattern, respond] of ROUTES) {
    const caught = verb === method || verb === '*' ? pattern.exec(path) : null
    if (caught) return respond(state, { ...request, caught: caught.slice(1) })
  }
  return { answer: (await control(state, path, request)) ?? refused(GRAPH_ERRORS.unknownPath) }
}

function script(source: string): Reply {
  return { answer: text(200, 'text/javascript; charset=utf-8', source) }
}

/** The edge can be written only. */
function writeOnly(method: string, pixelId: string): Reply {
  return { answer: refused(objectMissing(method, pixelId)) }
}
