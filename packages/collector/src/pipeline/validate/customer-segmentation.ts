import { CUSTOMER_SEGMENTATIONS } from '@pixel-mirror/common'
import type { CustomerSegmentation } from '@pixel-mirror/common'
import type { Findings } from '../findings.js'

const KNOWN = new Set<unknown>(CUSTOMER_SEGMENTATIONS)

/** One of Meta's words; `undefined` for none (no finding) and for any other (named). Meta's pages show it in two places. */
export function readCustomerSegmentation(
  value: unknown,
  path: string,
  findings: Findings,
): CustomerSegmentation | undefined {
  if (value == null || value === '') return undefined
  if (KNOWN.has(value)) return value as CustomerSegmentation
  findings.repair('customer_segmentation_dropped', path)
  return undefined
}
