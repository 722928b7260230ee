import type { IncomingMessage, ServerResponse } from 'node:http'
import type Koa from 'koa'
import type { Middleware } from 'koa'
import type { Shortcut } from './shortcut.js'

/** A request handler as `node:http` and Express call it. */
export type Handler = (req: IncomingMessage, res: ServerResponse, next?: (error?: unknown) => void) => void

/**
 * Makes an app that can be mounted in other servers: as a handler for `node:http` and Express, as a middleware for Koa.
 *
 * What is none of the app's routes goes on to the host: Express's `next`, Koa's `next`; a plain server gets a 404.
 */
export function createMount(app: Koa, shortcut: Shortcut): { handle: Handler; middleware: Middleware } {
  const hosts = new WeakMap<IncomingMessage, () => void>()
  const middleware = sequence([...app.middleware])
  app.use(function backToHost(ctx, next) {
    const host = hosts.get(ctx.req)
    if (host === undefined) return next()
    ctx.respond = false
    // Koa begins with 404; the host expects the 200 that Node begins with.
    ctx.res.statusCode = 200
    host()
    return Promise.resolve()
  })
  const answer = app.callback()

  return {
    handle(req, res, next) {
      if (shortcut(req, res)) return
      if (next !== undefined) hosts.set(req, next)
      // Koa catches what its middleware throws: this promise never rejects.
      void answer(req, res)
    },
    middleware: async function pixelMirror(ctx, next) {
      // Koa's body parsers leave what they have read here, Express's in `req.body`.
      const { body } = ctx.request as { body?: unknown }
      if (body !== undefined) (ctx.req as { body?: unknown }).body = body
      await middleware(ctx, next)
    },
  }
}

/** Several middlewares as one. */
function sequence(all: readonly Middleware[]): Middleware {
  return (ctx, next) => {
    const step = (index: number): Promise<unknown> =>
      Promise.resolve(index < all.length ? all[index]!(ctx, () => step(index + 1)) : next())
    return step(0)
  }
}
