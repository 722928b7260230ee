/**
 * Listens below `fbq` without replacing it.
 *
 * A wrapper around `fbq` makes the pixel lose events: `fbevents.js` installs itself on whatever `window.fbq` is, and calls through
 * older references never reach it. So `fbq` stays what it is, and accessors on it watch the two things that every call goes
 * through: `callMethod`, which the library sets, and `queue`, where calls wait for it.
 *
 *     fbq(…), _fbq(…), an old reference, fbq.push(…)
 *        ├─ before fbevents.js ─► fbq.queue.push ─► seen here, id added ─► waits ─► the library drains it
 *        └─ after it ───────────► fbq.callMethod ─► seen here, id added ─► the library
 *
 * Promises: the pixel gets every call, in order, with the same `this` and, but for the id, the same arguments; whatever fails in
 * here leaves the call as it was; each call is counted once. Functions that other scripts put in the place of `fbq` share one
 * library and one queue, which heals pixels that such a wrapper would have broken.
 */
import { granted } from '../consent.js'
import { attempt } from '../report.js'
import { later, settle } from '../delivery.js'
import { options } from '../options.js'
import { listenToAutomaticEvents } from './automatic-events.js'
import { readCall, type Call } from './call.js'
import { recover } from './recover.js'
import { claimRoutes } from './routes.js'
import type { AnyFunction, Fbq } from './fbq.js'
import { stored } from '../storage.js'
import { library, queue, setLate, setLibrary, setQueue } from './library.js'

type Entry = Iterable<unknown>
type Methods = Record<'unshift' | 'push' | 'shift', (...added: Entry[]) => unknown>

/** Entries of a queue that are known already; functions, with what stands in their place: themselves, if they can be listened to from within. */
const known = new WeakMap<object, unknown>()
/** What was said before there was a pixel, and is said to it first. */
const prelude: unknown[][] = []
/** Whether a call is on its way through the pixel: what is pushed meanwhile is the library's own doing. */
let busy: boolean | undefined

/** Reads a call. What cannot be read is passed on as it is, and has no copy. */
const see = (raw: Entry, self: unknown): Call =>
  attempt(() => readCall(raw, self)) ?? { _args: Object(raw) as unknown[], _count() {} }

/** Lets a call through to the pixel. */
const pass = (method: AnyFunction, self: unknown, raw: Entry): unknown => {
  if (busy) return method.apply(self, raw as unknown[])
  sayPrelude(method)
  const call = see(raw, self)
  busy = true
  try {
    if (!call._isRepeat) return method.apply(self, call._args)
  } finally {
    busy = false
    attempt(call._count)
  }
  return undefined
}

function caller(this: unknown, ...args: unknown[]): unknown {
  return pass(library!, this, args)
}

/** Sees entries on their way into the queue, and returns what the queue gets of them. */
const take = (entries: Entry[]): Entry[] =>
  entries.flatMap((entry) => {
    // What a call pushes on its way through the pixel has been seen as that call.
    if (busy || known.has(entry)) {
      known.set(entry, 1)
      return [entry]
    }
    const call = see(entry, window.fbq)
    known.set(call._args, 1)
    attempt(call._count)
    return call._isRepeat ? [] : [call._args]
  })

const listenTo = (entries: Entry[] | undefined): void => {
  setQueue(entries)
  if (!Array.isArray(entries)) return
  entries.splice(0, Infinity, ...prelude.splice(0), ...take(entries))
  for (const name of ['unshift', 'push', 'shift'] as const) {
    const native = (entries as unknown as Methods)[name]
    let method = (...added: Entry[]) => {
      // A stub that the library does not know pushes where nobody looks any more.
      added = library && !busy ? added.filter((entry) => void pass(library!, window.fbq, entry)) : take(added)
      // A library that was there first may have waited with its calls, and we with it.
      later()
      return native.apply(entries, added)
    }
    // Nothing is assigned: where a page has frozen its built-ins, that fails.
    listenOn(
      entries,
      name,
      () => method,
      (other) => (method = other),
    )
  }
}

/** Says what was said before there was a pixel. It has been counted already. */
const sayPrelude = (method: AnyFunction): void => {
  for (const said of prelude.splice(0)) attempt(() => method.apply(window.fbq, said))
}

/** For an `fbq` that works in a way of its own, or cannot be listened to from within: the only case in which it is wrapped. */
const wrap = (fbq: Fbq): Fbq => {
  const wrapper = new Proxy(fbq, { apply: pass })
  known.set(fbq, wrapper).set(wrapper, wrapper)
  return wrapper
}

const listenOn = (target: object, name: string, get: () => unknown, set: (value: never) => void): void => {
  Object.defineProperty(target, name, { configurable: true, enumerable: target !== queue, get, set })
}

const adopt = (fbq: Fbq | undefined): void => {
  if (typeof fbq !== 'function' || known.has(fbq)) return
  known.set(fbq, fbq)
  const { callMethod, queue: entries } = fbq
  const hear = (method: AnyFunction | undefined) => {
    // What a wrapper copies from the stub is nothing new.
    if (!method || method === caller) return
    // A revoke that waits in front of its grant would lock the library before that comes.
    if (granted) queue?.splice(0, Infinity, ...queue.filter(([verb]) => verb !== 'consent'))
    // So does an objection, before anything else.
    if (stored('out')) (callMethod ? prelude : (queue as unknown[][] | undefined))?.unshift(['consent', 'revoke'])
    setLibrary(method)
    attempt(() => claimRoutes(fbq, callMethod && attempt(() => recover(fbq))))
    if (options.automaticEvents !== false) attempt(() => listenToAutomaticEvents(fbq))
    settle()
  }
  try {
    listenOn(fbq, 'callMethod', () => library && caller, hear)
    listenOn(fbq, 'queue', () => queue, listenTo)
  } catch {
    wrap(fbq)
  }
  if (callMethod) {
    setLate()
    hear(callMethod)
    sayPrelude(callMethod)
  }
  if (entries) listenTo(entries)
}

let value: Fbq | undefined
/** How others have defined `fbq`; nothing before we have. */
let foreign: PropertyDescriptor | undefined

/** What stands for `fbq`: itself, if it can be listened to from within. */
const heard = (): Fbq | undefined => {
  const fbq = foreign!.get ? (foreign!.get() as Fbq) : value
  const stand = known.get(fbq!) as Fbq | undefined
  return stand && stand === fbq && !(queue ?? library) ? wrap(fbq) : (stand ?? fbq)
}

const set = (fbq: Fbq | undefined): void => {
  value = fbq
  foreign!.set?.(fbq)
  arm()
  adopt(fbq)
}

/** Takes the place on `window.fbq` (again): a function declaration or another script may have taken it. */
export const arm = (): void => {
  const current = Object.getOwnPropertyDescriptor(window, 'fbq') ?? {}
  if (current.get === heard) return
  foreign = current
  value = window.fbq
  adopt(value)
  attempt(() => {
    // A declared function cannot be redefined, but replaced; what an ad blocker has nailed down can only be heard from within.
    if (current.configurable === false) window.fbq = heard()
    else listenOn(window, 'fbq', heard, set)
  })
}

/** What a call of ours has to go through. */
export const armed = (): Fbq | undefined => {
  arm()
  return heard()
}

/** Says something to the pixel; where the page has none yet, to the copy, and to the pixel once there is one. */
export const tell = (args: unknown[]): void => {
  const fbq = foreign && armed()
  if (fbq) attempt(() => fbq(...args))
  else prelude.push(...(take([args]) as unknown[][]))
}
