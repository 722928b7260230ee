/** What the functions that stand for `fbq` share: one library and one queue. */
import type { AnyFunction } from './fbq.js'

/** The real method of `fbevents.js`, once that has arrived. */
export let library: AnyFunction | undefined
/** Calls that wait: for the library before it arrives, for its own locks afterwards. */
export let queue: Iterable<unknown>[] | undefined
/** Whether `fbevents.js` was there before us. */
let late = false

export const setLibrary = (method: AnyFunction | undefined) => (library = method)

export const setQueue = (entries: Iterable<unknown>[] | undefined) => (queue = entries)

export const setLate = () => (late = true)

/** A library that was there before us and lets calls wait may wait for a consent that we have not seen. */
export const isLocked = (): boolean => late && !!queue?.length
