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
 * Promises: the pixel gets every call, in order, with the same `this` and, but for the id, the same arguments; whatever fails in here
 * leaves the call as it was; each call is counted once. Functions that other scripts put in the place of `fbq` share one
 * library and one queue, which heals pixels that such a wrapper would have broken.
 */
import type { AnyFunction, Fbq } from './fbq.js'

/** What a call turned into: the arguments for the pixel, and what to do once the pixel has taken them. */
export interface SeenCall {
  _args: unknown[]
  _count: () => void
}

export interface FbqHook {
  /** Takes the place on `window.fbq` (again): a function declaration or another script may have taken it. */
  _arm: () => void
  /** The page's `fbq`, if there is one. */
  _fbq: () => Fbq | undefined
  _isLoaded: () => boolean
}

export interface HookListeners {
  _see: (args: ArrayLike<unknown>, self: unknown) => SeenCall
  /** Calls the pixel must hear before any other. */
  _prelude: () => unknown[][]
  /** `fbevents.js` has arrived; `late` when it had arrived before the tracker. */
  _onLoaded: (fbq: Fbq, late: boolean) => void
}

export function hookFbq({ _see, _prelude, _onLoaded }: HookListeners): FbqHook {
  /** Functions, queues and queue entries that are known already. */
  const known = new WeakSet<object>()
  /** Late only: what waits in the queue of a locked library, and is counted when the library takes it. */
  const waiting = new WeakMap<object, () => void>()
  const wrappers = new WeakMap<Fbq, Fbq>()
  let library: AnyFunction | undefined
  let queue: ArrayLike<unknown>[] | undefined
  let late = false
  /** How many calls are on their way through the pixel: what they push is the library's own doing. */
  let depth = 0
  let requeued: object | undefined
  let value: unknown
  let foreign: PropertyDescriptor | undefined

  const see = (raw: ArrayLike<unknown>, self: unknown): SeenCall => {
    try {
      return _see(raw, self)
    } catch {
      // Hostile arguments: the pixel gets them as they are, and there is no copy.
      return { _args: raw as unknown[], _count() {} }
    }
  }

  const call = (method: AnyFunction, self: unknown, raw: ArrayLike<unknown>): unknown => {
    if (depth) return method.apply(self, raw as unknown[])
    const { _args, _count } = see(raw, self)
    depth++
    requeued = undefined
    try {
      return method.apply(self, _args)
    } finally {
      depth--
      // A locked library that we met late may be waiting for a consent that we have not seen: only it knows.
      if (late && requeued) waiting.set(requeued, _count)
      else _count()
    }
  }

  function caller(this: unknown, ...args: unknown[]): unknown {
    return call(library as AnyFunction, this, args)
  }

  const take = (entry: ArrayLike<unknown>): ArrayLike<unknown> => {
    if (known.has(entry)) return entry
    const { _args, _count } = see(entry, value)
    known.add(_args)
    if (late) waiting.set(_args, _count)
    else _count()
    return _args
  }

  const listenTo = (entries: ArrayLike<unknown>[] | undefined): void => {
    queue = entries
    if (!Array.isArray(entries)) return
    const native = Array.prototype
    const put = (how: 'push' | 'unshift') =>
      Object.defineProperty(entries, how, {
        configurable: true,
        writable: true,
        value(...added: ArrayLike<unknown>[]) {
          if (depth) {
            added.forEach((entry) => known.add(entry))
            requeued = added[0]
          } else if (library) {
            // A stub that the library does not know pushes where nobody looks any more.
            added.forEach((entry) => call(library as AnyFunction, value, entry))
            return entries.length
          } else added = added.map(take)
          return native[how].apply(entries, added)
        },
      })
    if (!known.has(entries)) {
      known.add(entries)
      if (!library) native.unshift.apply(entries, _prelude().map(take))
      put('push')
      put('unshift')
      if (late) {
        Object.defineProperty(entries, 'shift', {
          configurable: true,
          writable: true,
          value() {
            const entry = native.shift.call(entries) as object
            waiting.get(entry)?.()
            return entry
          },
        })
      }
    }
    entries.forEach((entry, index) => (entries[index] = take(entry)))
  }

  /** For an `fbq` that works in a way of its own, or cannot be listened to from within: the only case in which it is wrapped. */
  const wrap = (fbq: Fbq): Fbq => {
    const wrapper = new Proxy(fbq, { apply: (target, self, args) => call(target, self, args) })
    known.add(wrapper)
    wrappers.set(fbq, wrapper).set(wrapper, wrapper)
    if (window._fbq === fbq) window._fbq = wrapper
    return wrapper
  }

  const adopt = (fbq: unknown): void => {
    if (typeof fbq !== 'function' || known.has(fbq)) return
    known.add(fbq)
    const { callMethod, queue: entries } = fbq as Fbq
    try {
      const define = (name: keyof Fbq, get: () => unknown, set: (value: never) => void) =>
        Object.defineProperty(fbq, name, { configurable: true, enumerable: true, get, set })
      define(
        'callMethod',
        () => library && caller,
        (method: AnyFunction) => {
          if (method === caller) return
          library = method
          if (!library) return
          listenTo(queue)
          _onLoaded(fbq as Fbq, late)
        },
      )
      define('queue', () => queue, listenTo)
    } catch {
      // Frozen.
      wrap(fbq as Fbq)
      return
    }
    if (callMethod && callMethod !== caller) {
      library = callMethod
      late = true
    }
    if (entries) listenTo(entries)
    if (late) {
      _onLoaded(fbq as Fbq, late)
      _prelude().forEach((args) => (fbq as Fbq)(...args))
    }
  }

  const get = () => {
    const fbq = (foreign ? foreign.get?.call(window) : value) as Fbq | undefined
    if (typeof fbq !== 'function') return fbq
    return wrappers.get(fbq) ?? (queue || library ? fbq : wrap(fbq))
  }
  const set = (fbq: unknown) => {
    value = fbq
    foreign?.set?.call(window, fbq)
    arm()
    adopt(fbq)
  }
  const arm = () => {
    try {
      const current = Object.getOwnPropertyDescriptor(window, 'fbq')
      if (current?.get === get) return
      foreign = current?.get && current
      value = window.fbq
      Object.defineProperty(window, 'fbq', { configurable: true, enumerable: true, get, set })
    } catch {
      // An ad blocker's scriptlet may have nailed `fbq` down: what can be heard from within is heard.
    }
    adopt(value)
  }

  arm()
  return { _arm: arm, _fbq: () => window.fbq, _isLoaded: () => !!library }
}
