import type { Mirror, PixelState } from '@pixel-mirror/common'

const PIXEL_STATES = new Set<unknown>(['loaded', 'blocked', 'absent'] satisfies PixelState[])
const VERSION = /^[\w.+-]{1,32}$/

/** What the tracker says about the copy, as far as it makes sense: counters and the inspector show it. */
export function readMirror(value: unknown): Mirror {
  if (typeof value !== 'object' || value === null) return {}
  const { pixel, sent_at, version } = value as Record<string, unknown>
  const mirror: Mirror = {}
  if (PIXEL_STATES.has(pixel)) mirror.pixel = pixel as PixelState
  if (typeof sent_at === 'number' && Number.isFinite(sent_at)) mirror.sent_at = sent_at
  if (typeof version === 'string' && VERSION.test(version)) mirror.version = version
  return mirror
}
