import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import serverless from 'serverless-http'
import { startCollector, type Environment } from './collector.js'
import { FB_CONVERSION, fbConversion } from './fb-conversion.js'

export type HttpHandler = (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>

/** Makes the handler of an HTTP API: the collector's Koa app, and the older route beside it. */
export function httpHandler(environment: Environment = {}): HttpHandler {
  // Begins while the execution environment is set up, so that the first request waits less.
  const starting = startCollector(environment)
  // If it failed, the first request says so.
  starting.catch(() => undefined)
  let proxy: HttpHandler | undefined

  return async function handler(event) {
    const { collector, refreshToken } = await starting
    await refreshToken()
    proxy ??= serverless(collector.app) as unknown as HttpHandler
    return event.rawPath === FB_CONVERSION ? fbConversion(event, proxy) : proxy(event)
  }
}
