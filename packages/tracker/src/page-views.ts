/**
 * Page views with an id, which the pixel's own automatic ones do not have: routes of single-page apps, and pages that come back
 * from the back/forward cache.
 *
 * A route counts when the address changes, as for the pixel. The pixel's own are switched off before they
 * start; where they have started already, they are left alone.
 */
import { isGranted } from './consent.js'
import { newEventId } from './event-id.js'
import type { AnyFunction } from './fbq/fbq.js'
import { tell } from './fbq/hook.js'
import { library } from './fbq/library.js'
import { pixels, singleOnly } from './fbq/pixels.js'
import { routesAreTaken } from './fbq/routes.js'
import { lookForClick } from './identity.js'
import { options } from './options.js'
import { attempt } from './report.js'

type Methods = Record<'pushState' | 'replaceState', AnyFunction>

/** Tells pixel and collector of a page view. `trackSingle`, because the pixel counts only one `track('PageView')` per page. */
export const pageView = (): void => {
  const eventID = newEventId()
  for (const id in pixels) if (!singleOnly[id]) tell(['trackSingle', id, 'PageView', {}, { eventID }])
}

let last: string

/** The address may have changed. */
export const checkRoute = (_event?: unknown): void => {
  if (location.href === last) return
  last = location.href
  lookForClick()
  if (!(routesAreTaken ?? window.fbq?.disablePushState) && options.pageViews !== false && isGranted()) pageView()
}

/** The page may have come back from the back/forward cache. */
export const checkReturn = ({ persisted }: PageTransitionEvent): void => {
  // The pixel, where it is loaded, sends this one itself, and cannot be told not to.
  if (persisted && !library && options.pageViews !== false && isGranted()) pageView()
}

export const watchHistory = (): void => {
  last = location.href
  for (const name of ['pushState', 'replaceState'] as const) {
    const native = (history as unknown as Methods)[name]
    attempt(() => ((history as unknown as Methods)[name] = (...args) => checkRoute(native.apply(history, args))))
  }
}
