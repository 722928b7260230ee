/**
 * Orders that this browser has reported: a thank-you page that is loaded again is not a second purchase.
 *
 * Within one page nothing is held back, because a page may well report an order in parts.
 */
import { whenGranted } from './consent.js'
import { options } from './options.js'
import { store, stored } from './storage.js'

/** Tells this page from those before it. */
const page = Math.random()

/** Whether an earlier page has reported this purchase; if none has, this page does now. */
export const isRepeat = (name: string, data: unknown, pixelId: string | undefined): boolean | undefined => {
  const id =
    name === 'Purchase' && options.repeatGuard !== false && (data as { order_id?: string } | undefined)?.order_id
  if (!id) return
  const order = `order${id} ${pixelId}`
  const reportedBy = stored(order)
  if (reportedBy) return reportedBy !== page
  whenGranted(() => store(order, page))
  return
}
