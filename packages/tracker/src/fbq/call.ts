/**
 * One call of `fbq`: read the way `fbevents.js` reads it, given an event id where it has none, and counted the way the pixel counts.
 *
 * Nothing of the caller's is changed: where an id is added, it is added to a copy.
 */
import type { UserData } from '@pixel-mirror/common'
import { granted, setDataProcessing, setGranted } from '../consent.js'
import { show } from '../delivery.js'
import { newEventId } from '../event-id.js'
import { recordEvent } from '../events.js'
import { isRepeat } from '../repeat-guard.js'
import { hint } from '../report.js'
import { snapshot } from '../snapshot.js'
import { stored } from '../storage.js'
import { pixels, singleOnly } from './pixels.js'

export interface Call {
  /** What the pixel is to receive: the caller's own arguments, with an event id in an event's options. */
  _args: unknown[]
  /** To be done once the pixel has taken the call. */
  _count: () => void
  /** Said before, or in vain: a purchase that an earlier page has reported, a consent that is revoked already. The pixel does not get it. */
  _isRepeat?: boolean | undefined
}

type EventOptions = { eventID?: EventOptions; event_id?: EventOptions } | undefined | null

/** Throws only when the arguments are hostile, which the caller answers by passing them on untouched. */
export const readCall = (raw: Iterable<unknown>, self: unknown): Call => {
  let args = [...raw]
  // An old form: `_fbq.push(['track', 'Lead'])`.
  if (args.length < 2) args = args.flat()
  const [verb, first, second, third] = args as string[]
  const [isEvent, isSingle] = /^track(Single)?(Custom)?$/.exec(verb!) ?? []
  const at = isSingle ? 2 : 1
  const name = args[at]
  // Meta's `init` changes the object it is given.
  const data = snapshot(args[at + 1])
  // A number is the name of a conversion pixel of 2014, which has no server copy.
  if (!isEvent || typeof name !== 'string') {
    const choice = verb === 'consent' && first
    const isGrant = choice === 'grant'
    const isRevoke = choice === 'revoke'
    // An objection of the visitor's outlives the page, and every grant. A second revoke would still wait in the pixel's queue when the
    // first one is lifted, and lock it again.
    const isIdle = isGrant ? stored<boolean>('out') : isRevoke && !granted
    return {
      // An old list, too, is passed on as it is.
      _args: raw as unknown[],
      _isRepeat: isIdle,
      _count() {
        if (verb === 'init') {
          const pixel = (pixels[first!] ??= {})
          // A second init of a pixel counts only if it brings the data that the first one did not have, or had empty.
          for (const _any in data as UserData) pixel._userData ??= data as UserData
        }
        if ((isGrant || isRevoke) && !isIdle) {
          setGranted(isGrant)
          show()
        }
        // With a country and no state the pixel ignores the call.
        if (verb === 'dataProcessingOptions' && args.length !== 3) setDataProcessing(args.slice(1))
        if (first === 'trackSingleOnly') singleOnly[third!] = !!second
      },
    }
  }

  const given = args[at + 2] as EventOptions
  // Either spelling, also one inside the other.
  const outer = given?.eventID ?? given?.event_id
  const id = outer?.eventID ?? outer?.event_id ?? outer
  const eventID = String((id as string | undefined) || newEventId())
  if (!id) args[at + 2] = { ...given, eventID }
  const isKnown = isRepeat(name, data, isSingle && first)
  return {
    _args: args,
    _isRepeat: isKnown,
    _count() {
      let counted
      for (const pixelId in pixels) {
        const pixel = pixels[pixelId]!
        if (isSingle ? String(first) !== pixelId : singleOnly[pixelId]) continue
        counted = true
        if (name === 'PageView' && !isSingle) {
          // Without a `this` the pixel takes the call for its own and lets a page view pass.
          const mayRepeat = !self || (self as { allowDuplicatePageViews?: unknown }).allowDuplicatePageViews
          if (pixel._pageViewSeen && !mayRepeat) continue
          pixel._pageViewSeen = true
        }
        recordEvent(pixelId, name, data, eventID, isKnown)
      }
      if (!counted) hint(name, 'before init')
    },
  }
}
