import { normaliseUserData } from '@pixel-mirror/common'
import type { Draft } from '../draft.js'
import type { Findings } from '../findings.js'
import type { PipelineOptions } from '../pipeline-options.js'
import type { Received } from '../received.js'
import { countryOf } from './country-of.js'
import { createHashCache } from './hash-cache.js'
import { parsePhone } from './parse-phone.js'
import { sha256 } from '../../sha256.js'

const cache = createHashCache()

/** Cleans and hashes the person's data by the table of `common`, with this runtime's hash and libraries. */
export function normalise(
  draft: Draft,
  { receivedAtMs }: Received,
  { defaultCountry }: PipelineOptions,
  findings: Findings,
): void {
  const { userData, repairs } = normaliseUserData(draft.user_data, {
    sha256,
    parsePhone,
    countryOf,
    defaultCountry,
    nowMs: receivedAtMs,
    cache,
  })
  if (repairs.length > 0) findings.repairs.push(...repairs)
  draft.user_data = userData as Readonly<Record<string, unknown>>
}
