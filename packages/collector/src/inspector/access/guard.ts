import type { Context, Middleware } from 'koa'
import { isFromOwnPage } from './own-page.js'
import { isLocalRequest } from './local-request.js'
import type { Sessions } from './sessions.js'

export const SESSION_COOKIE = 'pixel_mirror_inspect'

/** What is there without signing in: the page's files, which hold no data, and signing in. */
const OPEN = /^\/inspect\/(?:|inspector\.(?:js|css)|favicon\.svg|api\/(?:login|logout))$/

/**
 * Who may look: with a password set, whoever has signed in; without one, only this machine.
 * Requests that change something must come from the inspector's own page.
 *
 * @param sessions of those who have signed in; none when no password is set
 */
export function createGuard(sessions: Sessions | undefined): Middleware {
  return async function inspectorGuard(ctx, next) {
    if (!sessions && !isLocalRequest(ctx.req)) {
      return refuse(
        ctx,
        403,
        'local_only',
        'Without INSPECT_PASSWORD the inspector answers only on this machine, by the name localhost.',
      )
    }
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD' && !isFromOwnPage(ctx.headers)) {
      return refuse(ctx, 403, 'not_own_page', 'Only the inspector itself may ask for this.')
    }
    if (sessions && !OPEN.test(ctx.path) && !sessions.has(ctx.cookies.get(SESSION_COOKIE))) {
      return refuse(ctx, 401, 'sign_in', 'Sign in first.')
    }
    await next()
  }
}

export function refuse(ctx: Context, status: number, code: string, message: string): void {
  ctx.status = status
  ctx.body = { error: { code, message } }
}
