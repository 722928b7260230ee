import type { IncomingMessage, ServerResponse } from 'node:http'
import { refused, takeEvents } from './graph/events-edge.js'
import { readCall } from './graph/graph-call.js'
import { GRAPH_ERRORS, objectMissing } from './graph/graph-error.js'
import { send, type Answer } from './http/answer.js'
import { readBody } from './http/read-body.js'
import type { State } from './state.js'

/** What a route gets to see of a request. */
interface Request {
  method: string
  req: IncomingMessage
  query: URLSearchParams
  /** What the parentheses of the route's pattern caught. */
  caught: string[]
}

type Route = [method: string, path: RegExp, answer: (state: State, request: Request) => Promise<Answer> | Answer]

const ROUTES: readonly Route[] = [
  ['POST', /^\/v(\d+)\.\d+\/([^/]+)\/events\/?$/, graphEvents],
  ['*', /^\/v\d+\.\d+\/([^/]+)\/events\/?$/, (_, { method, caught: [id = ''] }) => refused(objectMissing(method, id))],
]

/** Answers one request. */
export async function handle(state: State, req: IncomingMessage, res: ServerResponse): Promise<void> {
  try {
    send(res, await answer(state, req))
  } catch (error) {
    // The sender went away in the middle of its request; whatever else goes wrong must not stop the sandbox either.
    res.destroy(error instanceof Error ? error : undefined)
  }
}

async function answer(state: State, req: IncomingMessage): Promise<Answer> {
  const [path = '/', query] = (req.url ?? '/').split('?', 2)
  const method = req.method ?? 'GET'
  for (const [verb, pattern, respond] of ROUTES) {
    const caught = verb === method || verb === '*' ? pattern.exec(path) : null
    if (caught) return respond(state, { method, req, query: new URLSearchParams(query), caught: caught.slice(1) })
  }
  return refused(GRAPH_ERRORS.unknownPath)
}

async function graphEvents(state: State, { method, req, query, caught: [version = '', pixelId = ''] }: Request) {
  const body = await readBody(req, state.options.maxBodyBytes)
  if (!body) return refused(GRAPH_ERRORS.bodyTooLarge)
  const { authorization, 'content-type': contentType } = req.headers
  const call = await readCall({ method, version: Number(version), pixelId, query, authorization, contentType, body })
  return takeEvents(state, call)
}
