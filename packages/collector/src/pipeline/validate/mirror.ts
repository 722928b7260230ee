import type { Mirror, PixelState } from '@pixel-mirror/common'

const PIXEL_STATES = new Set<unknown>(['loaded', 'blocked', 'absent'] satisfies PixelState[])
const VERSION = /^[\w.+-]{1,32}$/

/** What the tracker says about the copy, as far as it makes sense: counters and the inspector show it. */
export function readMirror(value: unknown): Mirror {
  if (typeof value !== 'object' || value === null) return {}
  const { pixel, sent_at, version } = value as Record<string, unknown>
  return {
    ...(PIXEL_STATES.has(pixel) && { pixel: pixel as PixelState }),
    ...(typeof sent_at === 'number' && Number.isFinite(sent_at) && { sent_at }),
    ...(typeof version === 'string' && VERSION.test(version) && { version }),
  }
}
