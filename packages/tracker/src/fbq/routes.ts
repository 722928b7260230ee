import { options } from '../options.js'
import type { Fbq } from './fbq.js'

/** Whether routes are the site's or the pixel's own affair. */
export let routesAreTaken: unknown

/** Decides whose the routes are, when the library arrives: before its first event it can still be told. */
export const claimRoutes = (fbq: Fbq, hasSent?: unknown): void => {
  routesAreTaken ??= fbq.disablePushState || hasSent || false
  if (options.pageViews !== false) fbq.disablePushState = true
}
