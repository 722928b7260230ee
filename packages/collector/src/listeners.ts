import type { RequestListener, Server } from 'node:http'
import type Koa from 'koa'
import type { Now } from './clock.js'
import { PortTakenError } from './errors.js'
import { close, createHttpServer, listen } from './http/server.js'
import type { Shortcut } from './http/shortcut.js'
import type { Observe } from './observer.js'
import type { Settings } from './settings.js'

export interface Listeners {
  /** @throws PortTakenError when one of the two cannot be had; the other is closed again */
  open(): Promise<{ port: number; adminPort: number }>
  close(graceMs: number): Promise<void>
}

export interface ListenersOptions {
  app: Koa
  /** Asked before `app`. */
  shortcut: Shortcut
  adminApp: Koa
  observe: Observe
  now: Now
}

/** The two servers: one for everybody, one for operators. */
export function createListeners(
  { host, port, adminHost, adminPort }: Pick<Settings, 'host' | 'port' | 'adminHost' | 'adminPort'>,
  { app, shortcut, adminApp, observe, now }: ListenersOptions,
): Listeners {
  const slowly = listenerOf(app)
  const server = createHttpServer((req, res) => void (shortcut(req, res) || slowly(req, res)), observe, now)
  const adminServer = createHttpServer(listenerOf(adminApp), () => undefined, now)

  return {
    async open() {
      const opened = await listenOn(server, host, port, 'PORT')
      try {
        return { port: opened, adminPort: await listenOn(adminServer, adminHost, adminPort, 'ADMIN_PORT') }
      } catch (error) {
        await close(server, 0)
        throw error
      }
    },
    async close(graceMs) {
      await Promise.all([close(server, graceMs), close(adminServer, 0)])
    },
  }
}

/** Koa catches what its middleware throws: the promise that its listener returns never rejects. */
function listenerOf(app: Koa): RequestListener {
  const answer = app.callback()
  return (req, res) => void answer(req, res)
}

async function listenOn(server: Server, host: string, port: number, setting: string): Promise<number> {
  try {
    return await listen(server, port, host)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const sentence = SENTENCES[code ?? '']
    if (sentence === undefined) throw cause
    throw new PortTakenError(`${sentence(host, port)} (${setting}).`, { cause })
  }
}

const SENTENCES: Readonly<Record<string, (host: string, port: number) => string>> = {
  EADDRINUSE: (host, port) => `Port ${port} on ${host} is taken: stop what has it, or choose another`,
  EACCES: (_, port) => `Port ${port} may not be opened by this user: choose one above 1023`,
  EADDRNOTAVAIL: (host) => `This machine has no address ${host}: choose one it has`,
  ENOTFOUND: (host) => `${host} is no name of this machine: choose an address it has`,
}
