import type { IncomingMessage } from 'node:http'
import type { Control } from '../options.js'

/**
 * Whether this caller may see the copies and steer the sandbox.
 *
 * "From this machine" is more than the address of the socket: behind a proxy every request has a local one, and a page of a
 * foreign site can make a browser call a local port under its own name.
 */
export function mayControl(req: IncomingMessage, control: Control): boolean {
  switch (control) {
    case 'anyone':
      return true
    case 'nobody':
      return false
    case 'loopback':
      return isLoopback(req.socket.remoteAddress ?? '') && namesLoopback(req.headers.host ?? '') && !wasForwarded(req)
  }
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127\./.test(address)
}

function namesLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/i.test(host)
}

function wasForwarded({ headers }: IncomingMessage): boolean {
  return headers['x-forwarded-for'] !== undefined || headers['forwarded'] !== undefined
}
