import type { Findings } from './findings.js'
import type { PipelineOptions } from './pipeline-options.js'
import type { Incoming } from './prepare.js'
import type { Received } from './received.js'

/** Which pixel the event is for: the one the route names, else the one it names itself, else the only one there is. */
export function address(
  incoming: Incoming,
  received: Received,
  { pixels }: PipelineOptions,
  findings: Findings,
): string | undefined {
  const pixelId = received.pixelId ?? asPixelId(incoming.pixel_id) ?? onlyPixel(incoming.pixel_id, pixels)
  if (pixelId === undefined) {
    findings.refuse(incoming.pixel_id == null ? 'pixel_id_missing' : 'pixel_id_invalid', 'pixel_id')
    return undefined
  }
  if (pixels.get(pixelId) === undefined) {
    findings.refuse('unknown_pixel', 'pixel_id')
    return undefined
  }
  if (received.pixelIds?.has(pixelId) === false) findings.refuse('origin_not_allowed', 'pixel_id')
  return pixelId
}

const DIGITS = /^\d{1,32}$/

function asPixelId(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
  return typeof value === 'string' && DIGITS.test(value) ? value : undefined
}

function onlyPixel(named: unknown, pixels: PipelineOptions['pixels']): string | undefined {
  const all = pixels.all()
  return named == null && all.length === 1 ? all[0]?.id : undefined
}
