import type { Middleware } from 'koa'
import type { Pixel } from '../../pixels.js'
import { Secret } from '../../secret.js'
import type { Settings } from '../../settings.js'
import { loadSandbox } from './load-sandbox.js'

/** The built-in stand-in for Meta, running. */
export interface SandboxMode {
  /** Its page, for the person in front of it. */
  url: string
  /** The settings with Meta's address and tokens replaced. */
  settings: Settings
  withTokens(pixels: readonly Pixel[]): readonly Pixel[]
  /** The browser's half of it on the public port, so that a page works without the internet. */
  middleware: Middleware
  stop(): Promise<void>
}

/** It takes any token, but like Meta it wants one. */
function withTokens(pixels: readonly Pixel[]): readonly Pixel[] {
  return pixels.map((pixel) => ({ ...pixel, accessToken: new Secret('sandbox') }))
}

/** Where the sandbox is found if nothing else has the port. */
const USUAL_PORT = 8090

/** Below this path the public port answers for Meta's script and its image. */
export const SANDBOX_PATH = '/sandbox'

/** What a browser asks of Meta; the rest of the sandbox stays on loopback. */
const BROWSER_HALF = /^\/(tr\/?|[a-z]{2}_[A-Z]{2}\/fbevents\.js|signals\/.*)$/

/** Starts the sandbox on a loopback port, and points the settings at it. */
export async function startSandboxMode(settings: Settings): Promise<SandboxMode> {
  const { createSandbox } = await loadSandbox()
  const sandbox = createSandbox()
  const { url } = await sandbox.start(USUAL_PORT).catch(() => sandbox.start(0))

  return {
    url,
    settings: { ...settings, graphUrl: url, pixels: withTokens(settings.pixels) },
    withTokens,
    async middleware(ctx, next) {
      const path = ctx.path.startsWith(`${SANDBOX_PATH}/`) ? ctx.path.slice(SANDBOX_PATH.length) : ''
      if (!BROWSER_HALF.test(path)) {
        await next()
        return
      }
      ctx.respond = false
      ctx.req.url = `${path}${ctx.search}`
      sandbox.handler(ctx.req, ctx.res)
    },
    stop: () => sandbox.stop(),
  }
}
