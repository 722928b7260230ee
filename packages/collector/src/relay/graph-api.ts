import type { IncomingHttpHeaders } from 'node:http'
import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import type { Dispatcher } from 'undici'
// Only the pool: the whole library, with its own fetch, costs 10 MB more and twice the time to load.
import Pool from 'undici/lib/dispatcher/pool.js'
import type { NoAnswer, Reply } from './classify.js'
import type { RelayLimits } from './limits.js'

/** Posts to the `/events` edge, and says what came back; never throws. */
export interface GraphApi {
  post(pixelId: string, body: Buffer, timeoutMs: number): Promise<Reply>
  /** Ends all requests under way, and those that would follow: each comes back as `aborted`. */
  abort(): void
  close(): Promise<void>
}

export interface GraphApiOptions {
  /** Example: `https://graph.facebook.com`. A path in it is kept. */
  graphUrl: string
  /** Example: `v26.0`. */
  apiVersion: string
  limits: Pick<RelayLimits, 'sockets' | 'connectTimeoutMs' | 'maxAnswerBytes' | 'compressAboveBytes'>
  /** Instead of a pool of `limits.sockets` connections: a proxy agent, or a test's own. It is closed with this. */
  dispatcher?: Dispatcher
}

/** Errors that mean: the other side is not who it should be. */
const CERTIFICATE_ERROR = /^(ERR_TLS_CERT|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/

class TimeoutReached extends Error {}
class AnswerTooLong extends Error {}
class Aborted extends Error {}

export function createGraphApi({ graphUrl, apiVersion, limits, dispatcher }: GraphApiOptions): GraphApi {
  const base = new URL(graphUrl)
  const prefix = `${base.pathname.replace(/\/+$/, '')}/${apiVersion}/`
  // The pool never has more connections, however many requests hang. Its own timeouts are off: one clock is enough.
  const connections: Dispatcher =
    dispatcher ??
    new Pool(base.origin, {
      connections: limits.sockets,
      pipelining: 1,
      connect: { timeout: limits.connectTimeoutMs },
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: 10_000,
    })
  const underWay = new Set<(reason: Error) => void>()
  let aborted = false
  let compressAboveBytes = limits.compressAboveBytes

  function exchange(pixelId: string, body: Buffer, timeoutMs: number, encoding?: 'gzip'): Promise<Reply> {
    return new Promise((resolve) => {
      const chunks: Buffer[] = []
      let controller: Dispatcher.DispatchController | undefined
      let status = 0
      let headers: IncomingHttpHeaders = {}
      let bytes = 0
      let timer: NodeJS.Timeout | undefined
      let stopped: Error | undefined

      /** Works before the connection is there too: then the request is ended as soon as it would begin. */
      const stop = (reason: Error) => {
        stopped ??= reason
        controller?.abort(reason)
        // Nothing is on the way yet: whoever waits need not wait for the connection.
        if (controller === undefined) done({ kind: 'no_answer', why: whyNoAnswer(reason, false), sent: false })
      }
      const done = (reply: Reply) => {
        clearTimeout(timer)
        underWay.delete(stop)
        resolve(reply)
      }
      underWay.add(stop)
      if (aborted) return stop(new Aborted())

      connections.dispatch(
        {
          origin: base.origin,
          path: `${prefix}${encodeURIComponent(pixelId)}/events`,
          method: 'POST',
          headers: encoding ? { ...HEADERS, 'content-encoding': encoding } : HEADERS,
          body,
        },
        {
          onRequestStart(started) {
            controller = started
            if (stopped !== undefined) {
              started.abort(stopped)
              return
            }
            timer = setTimeout(() => stop(new TimeoutReached()), timeoutMs)
          },
          onResponseStart(_, code, received) {
            status = code
            headers = received
          },
          onResponseData(_, chunk) {
            bytes += chunk.length
            if (bytes > limits.maxAnswerBytes) stop(new AnswerTooLong())
            else chunks.push(chunk)
          },
          onResponseEnd() {
            done({ kind: 'answer', status, headers, body: Buffer.concat(chunks).toString() })
          },
          onResponseError(_, error) {
            const sent = controller !== undefined
            done({ kind: 'no_answer', why: whyNoAnswer(stopped ?? error, sent), sent })
          },
        },
      )
    })
  }

  return {
    async post(pixelId, body, timeoutMs) {
      if (body.length <= compressAboveBytes) return exchange(pixelId, body, timeoutMs)

      const small = await promisify(gzip)(body, { level: constants.Z_BEST_SPEED })
      const reply = await exchange(pixelId, small, timeoutMs, 'gzip')
      if (reply.kind !== 'answer' || !COMPRESSION_REFUSED.has(reply.status)) return reply
      // Whether it was the compression or the content that was refused, the plain body will tell.
      compressAboveBytes = Infinity
      return exchange(pixelId, body, timeoutMs)
    },
    abort() {
      aborted = true
      for (const stop of [...underWay]) stop(new Aborted())
    },
    close: () => connections.destroy(),
  }
}

const HEADERS = { 'content-type': 'application/json', accept: 'application/json', 'user-agent': 'pixel-mirror' }

const COMPRESSION_REFUSED = new Set([400, 406, 411, 415, 501])

/** Certificates are looked at before anything is sent; afterwards a connection can only have ended or spoken nonsense. */
function whyNoAnswer(error: Error, sent: boolean): NoAnswer {
  if (error instanceof TimeoutReached) return 'timeout'
  if (error instanceof AnswerTooLong) return 'too_long'
  if (error instanceof Aborted) return 'aborted'
  if (sent) return 'connection_lost'
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return CERTIFICATE_ERROR.test(code) ? 'certificate' : 'unreachable'
}
