import type { Middleware } from 'koa'
import type { Page } from './announce.js'

/** What a demonstration page is told. */
export interface Demo {
  pixelId: string
  /** The stand-in for Meta's script; none when Meta's own is to be used. */
  fbeventsUrl?: string
  /** Pages worth opening beside it. */
  links: readonly Page[]
}

/** Serves `/demo.js`, from which the example shop knows its pixel: a real site has the id in its pages. */
export function demoScript(demo: () => Demo): Middleware {
  return async function demoScript(ctx, next) {
    if (ctx.path !== '/demo.js' || ctx.method !== 'GET') {
      await next()
      return
    }
    ctx.type = 'text/javascript; charset=utf-8'
    ctx.set('Cache-Control', 'no-cache')
    ctx.body = `window.PIXEL_MIRROR_DEMO = ${JSON.stringify(demo())}\n`
  }
}
