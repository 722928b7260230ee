/** What is known of the page's pixels and of its visitor: the same commands that the pixel hears have made it. */
import type { UserData } from '@pixel-mirror/common'

export interface Pixel {
  /** The advanced-matching data of its `init`. */
  _userData?: UserData | undefined
  /** It counts `track('PageView')` once. */
  _pageViewSeen?: boolean
}

/** The pixels that are inited. It has no prototype: pages add things to that of all objects. */
export const pixels: Record<string, Pixel> = { __proto__: null! }
/** Pixels that take part in `trackSingle…` only. */
export const singleOnly: Record<string, boolean> = {}
/** What the page has told about the visitor beside that, for all events and for single ones. */
export const identified: UserData = {}
export const identifiedFor: Record<string, UserData | undefined> = {}
