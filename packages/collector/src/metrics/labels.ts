import { STANDARD_EVENT_NAMES } from '@pixel-mirror/common'
import type { Pixels } from '../pixels.js'

/**
 * What may stand as a label's value.
 *
 * Each value is a time series that Prometheus keeps, so a stranger who can invent values could fill its memory:
 * whatever is not known beforehand shares one word.
 */
export const OTHER = 'other'

const STANDARD = new Set<string>(STANDARD_EVENT_NAMES)

/** Meta's name for a standard event; `custom` for all others, whose names come from the pages. */
export function eventNameLabel(eventName: string): string {
  return STANDARD.has(eventName) ? eventName : 'custom'
}

/** The ids of configured pixels. The queue may still hold events of one that has been taken out. */
export function pixelLabel(pixels: Pixels): (pixelId: string) => string {
  return (pixelId) => (pixels.get(pixelId) ? pixelId : OTHER)
}

/** Lets the first `limit` words through; for sets that ought to be closed but that nothing here can list. */
export function firstWords(limit: number): (word: string) => string {
  const known = new Set<string>()
  return (word) => {
    if (known.has(word)) return word
    if (known.size >= limit) return OTHER
    known.add(word)
    return word
  }
}
